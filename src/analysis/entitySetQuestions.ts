// Answers questions about entity sets: their sizes, the strings of a region, the sentences of a string.
import { isSameTask, SPLITS, type Mention, type Sentence, type Split } from '../data/corpus/corpus.ts';
import { entitySets, stringsOfRegion, type EntitySets } from '../metrics/entitySets.ts';
import { mentionString } from '../metrics/text/textSources.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { AnalysisJob } from './analysisJob.ts';
import { eulerLayout } from './eulerLayout.ts';
import type {
  EntitySetDiagram,
  EntitySetSizes,
  EntitySetsQuery,
  EntityStringsPage,
  EntityStringsQuery,
  StringOccurrence,
  StringSentencesPage,
  StringSentencesQuery,
} from './questions/entitySetsQuery.ts';
import { recent } from './recent.ts';

/** `report` receives the number of the category's tasks read. Rejects like AnalysisInputs or with the abort reason of the job's signal. */
export async function readEntitySets(
  query: EntitySetsQuery,
  inputs: AnalysisInputs,
  { signal }: Pick<AnalysisJob, 'signal'>,
  report: (tasksRead: number) => void,
): Promise<EntitySets> {
  const training: { train: readonly Sentence[]; devel: readonly Sentence[] }[] = [];
  for (const task of query.category) {
    report(training.length);
    training.push({ train: await inputs.sentences(task, 'train'), devel: await inputs.sentences(task, 'devel') });
    signal.throwIfAborted();
  }
  const test = await inputs.sentences(query.task, 'test');
  const predicted = query.prediction && (await inputs.predicted(query.prediction));
  return entitySets({ training, test, predicted }, query);
}

/** Each reports the corpora read, and rejects like AnalysisInputs or with the abort reason of the job's signal. */
interface EntitySetQuestions {
  diagram(query: EntitySetsQuery, job: AnalysisJob): Promise<EntitySetDiagram>;
  /** For each query, in order. */
  sizes(queries: readonly EntitySetsQuery[], job: AnalysisJob): Promise<readonly EntitySetSizes[]>;
  strings(query: EntityStringsQuery, job: AnalysisJob): Promise<EntityStringsPage>;
  sentences(query: StringSentencesQuery, job: AnalysisJob): Promise<StringSentencesPage>;
}

/** Indices of the sentences of one split with the string as a mention, at least one. */
interface FoundThere extends StringOccurrence {
  readonly indices: readonly number[];
}

export function entitySetQuestions(inputs: AnalysisInputs): EntitySetQuestions {
  // Sizes are small, strings are not: the gene category has 60,000.
  const recentSizes = recent<EntitySetsQuery, EntitySetSizes>(64);
  const recentSets = recent<EntitySetsQuery, EntitySets>(2);
  const recentFound = recent<Pick<StringSentencesQuery, 'sets' | 'text'>, readonly FoundThere[]>(4);

  function compute(query: EntitySetsQuery, job: AnalysisJob, before: number, all: number): Promise<EntitySets> {
    return readEntitySets(query, inputs, job, (tasksRead) =>
      job.report({ phase: 'reading strings', done: before + tasksRead, of: all }),
    );
  }

  function sizesOf(query: EntitySetsQuery, job: AnalysisJob, before: number, all: number): Promise<EntitySetSizes> {
    return recentSizes.of(query, async () => {
      const { strings: _strings, ...sizes } = await compute(query, job, before, all);
      return sizes;
    });
  }

  async function find({ sets, text }: Pick<StringSentencesQuery, 'sets' | 'text'>, job: AnalysisJob) {
    const found: FoundThere[] = [];
    const occurrences = occurrencesInOrder(sets);
    for (const [done, occurrence] of occurrences.entries()) {
      job.report({ phase: 'reading sentences', done, of: occurrences.length });
      const task = sets.category[occurrence.task];
      if (task === undefined) continue;
      const sentences = await inputs.sentences(task, occurrence.split);
      const predicted = await predictedAt(sets, occurrence);
      job.signal.throwIfAborted();
      const indices = sentences.flatMap((sentence, index) =>
        hasMention(sentence, [sentence.mentions, predicted?.[index] ?? []], text, sets.lowerCase) ? [index] : [],
      );
      if (indices.length > 0) found.push({ ...occurrence, indices });
    }
    return found;
  }

  async function predictedAt(sets: EntitySetsQuery, { task, split }: StringOccurrence) {
    const isPredicted = sets.prediction !== null && split === sets.prediction.split && task === ownIndex(sets);
    return isPredicted ? inputs.predicted(sets.prediction) : null;
  }

  return {
    async diagram(query, job) {
      const sizes = await sizesOf(query, job, 0, query.category.length);
      return { ...sizes, layout: eulerLayout(sizes.regions) };
    },

    async sizes(queries, job) {
      const all = queries.reduce((sum, { category }) => sum + category.length, 0);
      const answer: EntitySetSizes[] = [];
      let before = 0;
      for (const query of queries) {
        answer.push(await sizesOf(query, job, before, all));
        before += query.category.length;
      }
      return answer;
    },

    async strings({ sets, region, find: part, first, count }, job) {
      const length = sets.category.length;
      const all = stringsOfRegion(await recentSets.of(sets, () => compute(sets, job, 0, length)), region);
      const wanted = part.trim().toLowerCase();
      const found = wanted === '' ? all : all.filter(({ text }) => text.toLowerCase().includes(wanted));
      return { total: found.length, strings: found.slice(first, first + count) };
    },

    async sentences({ sets, text, where, first, count }, job) {
      const found = await recentFound.of({ sets, text }, () => find({ sets, text }, job));
      const chosen = found
        .filter(({ task, split }) => where === null || (where.task === task && where.split === split))
        .flatMap(({ task, split, indices }) => indices.map((index) => ({ task, split, index })));
      const sentences = [];
      for (const { index, ...place } of chosen.slice(first, first + count)) {
        const task = sets.category[place.task];
        const sentence = task && (await inputs.sentences(task, place.split))[index];
        if (sentence === undefined) continue;
        const predicted = (await predictedAt(sets, place))?.[index] ?? null;
        const { tokens, mentions } = sentence;
        sentences.push({ ...place, index, tokens, mentions, predicted });
      }
      const places = found.map(({ task, split, indices }) => ({ task, split, sentences: indices.length }));
      return { occurrences: places, total: chosen.length, sentences };
    },
  };
}

/** Orders occurrences: the test split of the task, then training candidates, then the test splits of other tasks. */
function occurrencesInOrder(sets: EntitySetsQuery): readonly StringOccurrence[] {
  const own = ownIndex(sets);
  const tasks = [own, ...sets.category.keys()].filter((task, at) => at === 0 || task !== own);
  const training = tasks.flatMap((task) => SPLITS.slice(0, 2).map((split) => ({ task, split })));
  const test = tasks.map((task) => ({ task, split: 'test' as Split }));
  return [...test.slice(0, 1), ...training, ...test.slice(1)];
}

function ownIndex({ task, category }: EntitySetsQuery): number {
  return category.findIndex((one) => isSameTask(one, task));
}

function hasMention(
  sentence: Sentence,
  lists: readonly (readonly Mention[])[],
  text: string,
  lowerCase: boolean,
): boolean {
  return lists.some((mentions) => mentions.some((mention) => mentionString(sentence, mention, lowerCase) === text));
}
