// Provides what people wrote about runs or experiments, here or in result files.
import { useMemo } from 'react';
import { describedBy } from '../../lab/runs/descriptionRecords.ts';
import type { DescribedKind, Description } from '../../schema/descriptions.ts';
import { shallow, useLab } from './useLab.ts';

/** Returns a function that is the same until something is written: equal descriptions are the same object. */
export function useDescriptions(kind: DescribedKind): (id: string) => Description {
  const known = useLab(({ descriptions, results }) => ({ descriptions, results }), shallow);
  return useMemo(() => describedBy(known, kind), [known, kind]);
}
