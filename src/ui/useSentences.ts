// The sentences of a corpus, read once the page needs them.
import { useEffect, useState } from 'react';
import type { CorpusSentences } from '../data/corpus.ts';
import { LabError } from '../util/labError.ts';
import { useLab } from './useLab.ts';

export interface SentencesRead {
  /** Null while they are read, or when that failed. */
  readonly sentences: CorpusSentences | null;
  readonly problem: string | null;
}

const NOT_YET: SentencesRead = { sentences: null, problem: null };

/** For one corpus in the life of a component: key the component by the corpus. */
export function useSentences(corpusId: string): SentencesRead {
  const { lab } = useLab();
  const [read, setRead] = useState(NOT_YET);
  useEffect(() => {
    let wanted = true;
    lab.readCorpus(corpusId).then(
      (sentences) => wanted && setRead({ sentences, problem: null }),
      (error: unknown) => wanted && setRead({ sentences: null, problem: LabError.describe(LabError.toData(error)) }),
    );
    return () => {
      wanted = false;
    };
  }, [lab, corpusId]);
  return read;
}
