// The corpora and the model that a plan names, found in the library.
import { LabError } from '../util/labError.ts';
import { ownValue } from '../util/ownValue.ts';
import type { CorpusRecord } from '../schema/corpusRecord.ts';
import type { PlanCategory, PlanFile } from '../schema/planFile.ts';
import type { TaskRef } from '../schema/runRecord.ts';

type Input = PlanFile['model'];

/**
 * An input with a fingerprint is found by it, whatever its name here; without, by its name.
 * Throws LabError `plan/<noun>-missing` or `plan/<noun>-differs`, with what was expected and found.
 */
export function findInput<Found extends { readonly name: string; readonly fingerprint: string }>(
  noun: 'corpus' | 'model',
  wanted: Input,
  library: readonly Found[],
): Found {
  const named = library.find(({ name }) => name === wanted.name);
  const found =
    wanted.fingerprint === undefined ? named : library.find(({ fingerprint }) => fingerprint === wanted.fingerprint);
  if (found !== undefined) return found;
  if (named === undefined) {
    const names = library.map(({ name }) => name).join(', ');
    throw new LabError(
      `plan/${noun}-missing`,
      `The plan needs the ${noun} ${wanted.name}, which is not in the library.`,
      { expected: wanted.name, got: names === '' ? 'an empty library' : names },
    );
  }
  throw new LabError(
    `plan/${noun}-differs`,
    `The ${noun} ${wanted.name} here is not the one that the plan was made with.`,
    {
      expected: `fingerprint ${wanted.fingerprint?.slice(0, 16)}`,
      got: `fingerprint ${named.fingerprint.slice(0, 16)}`,
    },
  );
}

/**
 * The tasks of a category as runs refer to them; the only type of a corpus is named even where the plan leaves it out. Throws LabError
 * `plan/corpus-missing`, `plan/corpus-differs`, `plan/unknown-type`, `plan/no-train-sentences`, `plan/no-train-mentions`,
 * `plan/untyped-task` (tasks trained together need one type each) or `plan/task-twice`.
 */
export function findTasks(
  { name: category, tasks }: PlanCategory,
  corpora: readonly CorpusRecord[],
  areTrainedTogether: boolean,
): readonly TaskRef[] {
  const found: TaskRef[] = [];
  for (const task of tasks) {
    const corpus = findInput('corpus', task.corpus, corpora);
    const type = task.type ?? (corpus.types.length === 1 ? (corpus.types[0] ?? null) : null);
    checkTask(type, corpus);
    if (type === null && areTrainedTogether) {
      throw new LabError('plan/untyped-task', `The category ${category} needs one type of the corpus ${corpus.name}.`, {
        expected: corpus.types.join(' or '),
        got: 'all types together',
      });
    }
    if (found.some((other) => other.corpus.id === corpus.id && other.type === type)) {
      throw new LabError('plan/task-twice', `The category ${category} has a task twice.`, {
        expected: 'each task once',
        got: type === null ? corpus.name : `${corpus.name} ${type} again`,
      });
    }
    found.push({ corpus: { id: corpus.id, name: corpus.name, fingerprint: corpus.fingerprint }, type });
  }
  return found;
}

function checkTask(type: string | null, corpus: CorpusRecord): void {
  const { train } = corpus.counts;
  if (type !== null && !corpus.types.includes(type)) {
    throw new LabError('plan/unknown-type', `The corpus ${corpus.name} has no mentions of type ${type}.`, {
      expected: corpus.types.join(', ') || 'no type at all',
      got: type,
    });
  }
  if (train.sentences === 0) {
    throw new LabError('plan/no-train-sentences', `The corpus ${corpus.name} has no sentences to train on.`, {
      expected: 'a train split',
      got: `${corpus.counts.devel.sentences} devel and ${corpus.counts.test.sentences} test sentences`,
    });
  }
  const mentions = type === null ? train.mentions : (ownValue(train.perType, type) ?? 0);
  if (mentions === 0) {
    const kind = type === null ? 'mentions' : `mentions of type ${type}`;
    throw new LabError('plan/no-train-mentions', `The train split of ${corpus.name} has no ${kind} to learn from.`, {
      expected: 'at least one',
      got: '0',
    });
  }
}
