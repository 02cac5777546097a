// The way to a sentence in its corpus, named by its corpus, split and number.
import type { Split } from '../../data/corpus.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { format } from '../format.ts';
import { routeHref } from '../route.ts';

export interface SentenceLinkProps {
  readonly task: TaskRef | undefined;
  readonly split: Split;
  /** From 0. */
  readonly index: number;
}

export function SentenceLink({ task, split, index }: SentenceLinkProps) {
  if (task === undefined) return null;
  const { id, name } = task.corpus;
  return (
    <a className="sentence-place" href={routeHref({ page: 'sentence', corpusId: id, split, number: index + 1 })}>
      {name} {split} {format.count(index + 1)}
    </a>
  );
}
