// Answers questions about label quality and leaks: doubtful labels of many kinds, and test sentences that occur in training text.
import { isSameTask, SPLITS, type Sentence, type Task } from '../data/corpus/corpus.ts';
import {
  labelConflicts,
  labelPairs,
  sameLabels,
  type LabelConflict,
  type LabelConflicts,
  type LabelPairs,
} from '../metrics/labelConflicts.ts';
import { findLeaks, leakedSentences, type LeakKind, type TaskLeaks } from '../metrics/leaks.ts';
import {
  conflictRows,
  missedLabels,
  missedRows,
  pairRows,
  type MissedLabel,
  type ReviewRow,
} from '../metrics/reviewRows.ts';
import { nearDefaults, squeezedText, type SentencePosition, type TextSource } from '../metrics/text/nearIndex.ts';
import { inTurns } from '../util/clock.ts';
import { overPhases, recent, type AnalysisInputs, type AnalysisJob, type Recent } from './analysisInputs.ts';
import { readEntitySets } from './entitySetQuestions.ts';
import type {
  ConflictOccurrencesPage,
  ConflictOccurrencesQuery,
  ConflictScope,
  GroupLeaks,
  LabelConflictsPage,
  LabelConflictsQuery,
  LabelledSentence,
  LabelPairsPage,
  LabelPairsQuery,
  LeakedText,
  LeakPair,
  LeakPairsPage,
  LeakPairsQuery,
  LeakReport,
  LeaksQuery,
  MissedLabelsPage,
  MissedLabelsQuery,
  PlanLeaksQuery,
  ReviewPage,
  ReviewQuery,
  TrainingSplit,
  TrainingText,
} from './questions/labelsQuery.ts';
import type { EntitySetsQuery } from './questions/sentencesQuery.ts';

// Answers questions about label quality: likely missed labels, label conflicts, pairs of similar sentences, and all as one list.

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
const NEAR_PAIR_PHASES = 3;

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
      return inTurns(overPhases(labelPairs(sources, options), PAIR_PHASES + (near ? NEAR_PAIR_PHASES : 0)), job);
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

// Answers questions about leaks, caching recent results for users who switch between them.

/** Reading text, sorting, indexing and comparing shingles. */
const LEAK_PHASES = 4;

/** Finds the leaks of each test task into all training text, as `findLeaks` does. Throws like AnalysisInputs. */
async function leaksInto(
  { tests, training, near }: { tests: readonly Task[]; training: readonly TrainingText[]; near: boolean },
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<readonly TaskLeaks[]> {
  const tested = [];
  for (const [index, task] of tests.entries()) {
    tested.push({ task: String(index), sentences: await inputs.sentences(task, 'test') });
  }
  const tasks = [...new Set(training.map(({ task }) => keyOf(task)))];
  const sources: TextSource[] = [];
  for (const { task, split } of training) {
    const name = String(tasks.indexOf(keyOf(task)));
    sources.push({ task: name, split, sentences: await inputs.sentences(task, split) });
    job.signal.throwIfAborted();
  }
  const work = findLeaks({ tests: tested, training: sources, near: near ? nearDefaults : null });
  return inTurns(overPhases(work, sources.length + (near ? LEAK_PHASES : 0)), job);
}

/** Counts leaks among the tasks of a category. */
async function taskLeaks(
  { tasks, splits, near }: LeaksQuery,
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<readonly LeakReport[]> {
  const training = tasks.flatMap((task) => splits.map((split) => ({ task, split })));
  const found = await leaksInto({ tests: tasks, training, near }, inputs, job);
  return found.map(({ compared, exact, near: nearly, bySource, byTask }) => ({
    compared,
    exact,
    near: nearly,
    bySource: bySource.map((counts, source) => ({
      task: Math.floor(source / splits.length),
      split: splits[source % splits.length] ?? 'train',
      exact: counts.exact,
      near: counts.near,
    })),
    byTask: byTask.map((counts) => ({ exact: counts.exact, near: counts.near })),
  }));
}

function keyOf({ corpusId, type }: Task): string {
  return JSON.stringify([corpusId, type]);
}

/** Most sentences searched for one test sentence; no known corpus splits text finer than this. */
const LONGEST_PASSAGE = 12;

/** Returns a page of all pairs, or of those labelled differently. Throws like AnalysisInputs. */
async function leakPairs(
  { first, count, different, ...text }: LeakPairsQuery,
  inputs: AnalysisInputs,
  found: Recent<LeakedText, readonly TaskLeaks[]>,
  job: AnalysisJob,
): Promise<LeakPairsPage> {
  const { test, training, near } = text;
  const [leaks] = await found.of(text, () => leaksInto({ tests: [test], training, near }, inputs, job));
  const tested = await inputs.sentences(test, 'test');
  const trained: (readonly Sentence[])[] = [];
  for (const { task, split } of training) trained.push(await inputs.sentences(task, split));
  const all = (leaks?.leaks ?? []).flatMap(({ kind, similarity, sentence: index, match }): LeakPair[] => {
    const sentence = tested[index];
    const source = trained[match.source];
    const type = training[match.source]?.task.type;
    if (sentence === undefined || source === undefined) return [];
    const sentences = passageOf(sentence, source, match.sentence);
    const same = sameLabels(sentence, sentences, test.type === null && type === null);
    return [
      { kind, similarity, index, sentence, match: { source: match.source, index: match.sentence, sentences }, same },
    ];
  });
  const differing = all.filter(({ same }) => !same);
  const asked = different ? differing : all;
  return { total: asked.length, different: differing.length, pairs: asked.slice(first, first + count) };
}

/** Returns the fewest sentences from `first` on that contain the text; only the first if they never do. */
function passageOf(sentence: Sentence, source: readonly Sentence[], first: number): readonly Sentence[] {
  const text = squeezedText(sentence);
  const [opening, ...others] = source.slice(first, first + LONGEST_PASSAGE).map(squeezedText);
  let running = opening ?? '';
  let end = first + 1;
  for (const other of others) {
    if (running.includes(text)) break;
    running += other;
    end++;
  }
  return running.includes(text) ? source.slice(first, end) : source.slice(first, first + 1);
}

/** Reading, sorting, indexing shingles: phases of `leakedSentences` besides one for each list. */
const PLAN_NEAR_PHASES = 3;

/** Counts exact leaks for each group, in order. Throws like AnalysisInputs. */
async function planLeaks(
  { groups, splits, leaveOut }: PlanLeaksQuery,
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<readonly GroupLeaks[]> {
  const found: GroupLeaks[] = [];
  for (const tasks of groups) {
    const reports = await taskLeaks({ tasks, splits, near: false }, inputs, job);
    const exact = reports.map((report) => report.exact);
    const compared = reports.reduce((sum, report) => sum + report.compared, 0);
    const training = [];
    for (const task of tasks) training.push(await textOf(task, splits, inputs));
    found.push({
      compared,
      exact,
      training: training.reduce((sum, { length }) => sum + length, 0),
      leftOut: leaveOut === null ? null : await leftOutOf(tasks, training, leaveOut, inputs, job),
    });
  }
  return found;
}

async function leftOutOf(
  tasks: readonly Task[],
  training: readonly (readonly Sentence[])[],
  leaveOut: LeakKind,
  inputs: AnalysisInputs,
  job: AnalysisJob,
): Promise<number> {
  const tests = [];
  for (const task of tasks) tests.push(await inputs.sentences(task, 'test'));
  const phases = leaveOut === 'near' ? training.length + PLAN_NEAR_PHASES : training.length;
  const leaked = await inTurns(overPhases(leakedSentences(training, tests, leaveOut), phases), job);
  return leaked.reduce((sum, ofTask) => sum + ofTask.reduce((count, one) => count + one, 0), 0);
}

/** Returns train, or train and devel concatenated, as in training. */
async function textOf(
  task: Task,
  splits: readonly TrainingSplit[],
  inputs: AnalysisInputs,
): Promise<readonly Sentence[]> {
  const texts = [];
  for (const split of splits) texts.push(await inputs.sentences(task, split));
  return texts.flat();
}

const CACHED_REPORTS = 4;

export function leakQuestions(inputs: AnalysisInputs) {
  const ofCategories = recent<LeaksQuery, readonly LeakReport[]>(CACHED_REPORTS);
  const ofPlans = recent<PlanLeaksQuery, readonly GroupLeaks[]>(CACHED_REPORTS);
  const ofText = recent<LeakedText, readonly TaskLeaks[]>(CACHED_REPORTS);
  return {
    leaks: (query: LeaksQuery, job: AnalysisJob) => ofCategories.of(query, () => taskLeaks(query, inputs, job)),
    ofPlan: (query: PlanLeaksQuery, job: AnalysisJob) => ofPlans.of(query, () => planLeaks(query, inputs, job)),
    pairs: (query: LeakPairsQuery, job: AnalysisJob) => leakPairs(query, inputs, ofText, job),
  };
}
