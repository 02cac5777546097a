// Answers questions about label quality: likely missed labels, label conflicts, pairs of similar sentences, and all as one list.
import { isSameTask, SPLITS, type Task } from '../data/corpus/corpus.ts';
import { labelConflicts, type LabelConflict, type LabelConflicts } from '../metrics/labelConflicts.ts';
import { labelPairs, type LabelPairs } from '../metrics/labelPairs.ts';
import {
  conflictRows,
  missedLabels,
  missedRows,
  pairRows,
  type MissedLabel,
  type ReviewRow,
} from '../metrics/reviewRows.ts';
import { nearDefaults } from '../metrics/text/nearIndex.ts';
import type { SentencePosition, TextSource } from '../metrics/text/textSources.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import { inTurns } from '../util/work.ts';
import { overPhases, type AnalysisJob } from './analysisJob.ts';
import { readEntitySets } from './entitySetQuestions.ts';
import type { EntitySetsQuery } from './questions/entitySetsQuery.ts';
import type {
  ConflictOccurrencesPage,
  ConflictOccurrencesQuery,
  ConflictScope,
  LabelConflictsPage,
  LabelConflictsQuery,
  LabelledSentence,
  LabelPairsPage,
  LabelPairsQuery,
  MissedLabelsPage,
  MissedLabelsQuery,
  ReviewPage,
  ReviewQuery,
} from './questions/labelsQuery.ts';
import { recent } from './recent.ts';

/** Each rejects like AnalysisInputs or with the abort reason of the job's signal. */
export interface LabelQuestions {
  missed(query: MissedLabelsQuery, job: AnalysisJob): Promise<MissedLabelsPage>;
  conflicts(query: LabelConflictsQuery, job: AnalysisJob): Promise<LabelConflictsPage>;
  occurrences(query: ConflictOccurrencesQuery, job: AnalysisJob): Promise<ConflictOccurrencesPage>;
  pairs(query: LabelPairsQuery, job: AnalysisJob): Promise<LabelPairsPage>;
  review(query: ReviewQuery, job: AnalysisJob): Promise<ReviewPage>;
}

/** Conflicts and pairs kept: the gene category has 7,500 and 7,900. */
const MOST_KEPT = 10_000;
/** Occurrences kept for each label of a conflict. */
const PLACES_OF_LABEL = 50;
const CONFLICT_PHASES = 3;
/** Hashing text and comparing labels; near texts also need shingles to be read, sorted and indexed. */
const PAIR_PHASES = 2;
const NEAR_PHASES = 3;

type Category = readonly Task[];

export function labelQuestions(inputs: AnalysisInputs): LabelQuestions {
  const recentMissed = recent<EntitySetsQuery, readonly MissedLabel[]>(2);
  const recentConflicts = recent<Category, LabelConflicts>(1);
  const recentPairs = recent<{ category: Category; near: boolean }, LabelPairs>(2);
  const recentRows = recent<Omit<ReviewQuery, 'first' | 'count'>, readonly ReviewRow[]>(1);

  /** Loads all splits of all tasks; source p belongs to task ⌊p / 3⌋. */
  async function sourcesOf(category: Category, names: readonly string[], job: AnalysisJob): Promise<TextSource[]> {
    const sources: TextSource[] = [];
    for (const [index, task] of category.entries()) {
      for (const split of SPLITS) {
        sources.push({ task: names[index] ?? '', split, sentences: await inputs.sentences(task, split) });
      }
      job.signal.throwIfAborted();
    }
    return sources;
  }

  function conflictsOf(category: Category, job: AnalysisJob): Promise<LabelConflicts> {
    return recentConflicts.of(category, async () => {
      const sources = await sourcesOf(category, positionNames(category), job);
      const options = {
        tellTypesApart: tellTypesApart(category),
        limit: MOST_KEPT,
        occurrencesPerLabel: PLACES_OF_LABEL,
      };
      return inTurns(overPhases(labelConflicts(sources, options), CONFLICT_PHASES), job);
    });
  }

  function pairsOf({ category, near }: Pick<LabelPairsQuery, 'category' | 'near'>, job: AnalysisJob) {
    return recentPairs.of({ category, near }, async () => {
      const sources = await sourcesOf(category, positionNames(category), job);
      const options = {
        tellTypesApart: tellTypesApart(category),
        near: near ? nearDefaults : null,
        limit: MOST_KEPT,
      };
      return inTurns(overPhases(labelPairs(sources, options), PAIR_PHASES + (near ? NEAR_PHASES : 0)), job);
    });
  }

  /** Empty without predictions. */
  async function missedOf(query: EntitySetsQuery, job: AnalysisJob): Promise<readonly MissedLabel[]> {
    const { prediction } = query;
    if (prediction === null) return [];
    return recentMissed.of(query, async () => {
      const { length } = query.category;
      const sets = await readEntitySets(query, inputs, job, (tasksRead) =>
        job.report({ phase: 'reading strings', done: tasksRead, of: length }),
      );
      return missedLabels(sets, await inputs.sentences(query.task, 'test'), await inputs.predicted(prediction), query);
    });
  }

  async function sentenceAt(category: Category, { source, sentence }: SentencePosition): Promise<LabelledSentence> {
    const task = Math.floor(source / SPLITS.length);
    const split = SPLITS[source % SPLITS.length] ?? 'train';
    const of = category[task];
    const { tokens, mentions } = (of && (await inputs.sentences(of, split))[sentence]) ?? { tokens: [], mentions: [] };
    return { task, split, index: sentence, tokens, mentions };
  }

  return {
    async missed({ sets, first, count }, job) {
      const all = await missedOf(sets, job);
      const test = await inputs.sentences(sets.task, 'test');
      const missed = all.slice(first, first + count).map((one) => {
        const { tokens, mentions } = test[one.sentence] ?? { tokens: [], mentions: [] };
        return { ...one, tokens, mentions };
      });
      return { total: all.length, missed };
    },

    async conflicts({ category, scope, find, first, count }, job) {
      const { conflicts, count: all } = await conflictsOf(category, job);
      const wanted = find.trim().toLowerCase();
      const found = conflicts.filter(
        (conflict) => isOfScope(conflict, scope) && (wanted === '' || conflict.text.toLowerCase().includes(wanted)),
      );
      const shown = found.slice(first, first + count).map(({ occurrences: _occurrences, ...conflict }) => conflict);
      return { total: found.length, left: all - conflicts.length, conflicts: shown };
    },

    async occurrences({ category, text, which, first, count }, job) {
      const { conflicts } = await conflictsOf(category, job);
      const all = conflicts.find((conflict) => conflict.text === text)?.occurrences ?? [];
      const found = all.filter(({ isUsual }) => which === 'all' || isUsual === (which === 'usual'));
      const occurrences = [];
      for (const { start, label, isUsual, ...position } of found.slice(first, first + count)) {
        occurrences.push({ ...(await sentenceAt(category, position)), start, label, isUsual });
      }
      return { total: found.length, occurrences };
    },

    async pairs({ category, near, first, count }, job) {
      const { pairs: all, count: found } = await pairsOf({ category, near }, job);
      const pairs = [];
      for (const { kind, similarity, left, right, onlyLeft, onlyRight } of all.slice(first, first + count)) {
        const sides = [
          { ...(await sentenceAt(category, left)), only: onlyLeft },
          { ...(await sentenceAt(category, right)), only: onlyRight },
        ] as const;
        pairs.push({ kind, similarity, sides });
      }
      return { total: all.length, left: found - all.length, pairs };
    },

    async review({ first, count, ...query }, job) {
      const all = await recentRows.of(query, async () => {
        const { category, names, near, sets } = query;
        const sources = await sourcesOf(category, names, job);
        const missed = sets === null ? [] : await missedOf(sets, job);
        const own = sets === null ? -1 : category.findIndex((task) => isSameTask(task, sets.task));
        const conflicts = await conflictsOf(category, job);
        const pairs = await pairsOf({ category, near }, job);
        return [
          ...missedRows(missed, names[own] ?? ''),
          ...conflictRows(conflicts, sources),
          ...pairRows(pairs, sources),
        ];
      });
      return { total: all.length, rows: all.slice(first, first + count) };
    },
  };
}

/** Tasks of a single type may each name it differently. */
function tellTypesApart(category: Category): boolean {
  return category.every(({ type }) => type === null);
}

function positionNames(category: Category): readonly string[] {
  return category.map((_, index) => String(index));
}

function isOfScope({ tasks, occurrences }: LabelConflict, scope: ConflictScope): boolean {
  if (scope === 'all') return true;
  const typeOfTask = new Map<number, string>();
  const hasTwoTypes = occurrences.some(({ source, label }) => {
    if (label === null) return false;
    const task = Math.floor(source / SPLITS.length);
    const known = typeOfTask.get(task) ?? label;
    typeOfTask.set(task, known);
    return known !== label;
  });
  const isInside = hasTwoTypes || tasks.some(({ labelled, unlabelled }) => labelled > 0 && unlabelled > 0);
  return isInside === (scope === 'inside');
}
