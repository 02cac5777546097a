// Answers questions about entity sets: their sizes, the strings of a region, the sentences of a string.
import { venn, type ISetOverlap } from '@upsetjs/venn.js';
import { isSameTask, SPLITS, type Mention, type Sentence, type Split } from '../data/corpus/corpus.ts';
import {
  ENTITY_REGIONS,
  entitySets,
  stringsOfRegion,
  type EntityRegion,
  type EntitySets,
} from '../metrics/entitySets.ts';
import { mentionString } from '../metrics/text/nearIndex.ts';
import { recent, type AnalysisInputs, type AnalysisJob } from './analysisInputs.ts';
import type {
  EntitySetDiagram,
  EntitySetSizes,
  EntitySetsQuery,
  EntityStringsPage,
  EntityStringsQuery,
  EulerCircle,
  EulerLayout,
  EulerRegion,
  StringOccurrence,
  StringSentencesPage,
  StringSentencesQuery,
} from './questions/sentencesQuery.ts';

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

// Lays out T, L and P as circles whose areas and overlaps approximate the numbers of strings as closely as circles can.

const NAMES = ['T', 'L', 'P'] as const;
type SetName = (typeof NAMES)[number];
type Circles = EulerLayout['circles'];

/** Slices per overlap when summing its area: the relative error stays below a thousandth. */
const SLICES = 2000;
/** Points along each side of the box searched for the middle of a region. */
const POINTS = 40;
/** A region thinner than this fraction of the largest circle is invisible, and indistinguishable from rounding. */
const THINNEST = 1e-6;

/** Two circles are always exact; three minimise the squared errors of all overlaps (Frederickson's venn.js), deterministically. */
export function eulerLayout(regions: EntitySets['regions']): EulerLayout {
  const sizeOf = (...names: readonly SetName[]): number =>
    ENTITY_REGIONS.reduce(
      (sum, region) => sum + (names.every((name) => region.includes(name)) ? regions[region].strings : 0),
      0,
    );
  const present = NAMES.filter((name) => sizeOf(name) > 0);
  const areas = combinations(present).map((sets): ISetOverlap => ({ sets, size: sizeOf(...sets) }));
  const found = present.length === 0 ? {} : venn(areas);
  const nowhere: EulerCircle = { x: 0, y: 0, radius: 0 };
  const circles = turned({ T: found['T'] ?? nowhere, L: found['L'] ?? nowhere, P: found['P'] ?? nowhere });
  const drawn = drawnAreas(circles);
  const region = (name: EntityRegion): EulerRegion => ({ drawn: drawn(name), middle: middleOf(circles, name) });
  return {
    circles,
    regions: {
      T: region('T'),
      L: region('L'),
      P: region('P'),
      TL: region('TL'),
      TP: region('TP'),
      LP: region('LP'),
      TLP: region('TLP'),
    },
  };
}

function combinations(names: readonly SetName[]): readonly (readonly SetName[])[] {
  return names.reduce<readonly (readonly SetName[])[]>(
    (sets, name) => [...sets, [name], ...sets.map((set) => [...set, name])],
    [],
  );
}

/** Rotates around T until L and P lie to its right, and mirrors if L is below P. */
function turned({ T, L, P }: Circles): Circles {
  const others = [L, P].filter(({ radius }) => radius > 0);
  const mean = (axis: 'x' | 'y') => others.reduce((sum, circle) => sum + circle[axis], 0) / Math.max(1, others.length);
  const angle = Math.atan2(mean('y') - T.y, mean('x') - T.x);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const turn = ({ x, y, radius }: EulerCircle): EulerCircle => ({
    x: (x - T.x) * cos + (y - T.y) * sin,
    y: (y - T.y) * cos - (x - T.x) * sin,
    radius,
  });
  const [right, left] = [turn(L), turn(P)];
  const mirror = right.y > left.y ? -1 : 1;
  const mirrored = (circle: EulerCircle): EulerCircle => ({ ...circle, y: mirror * circle.y });
  return { T: { x: 0, y: 0, radius: T.radius }, L: mirrored(right), P: mirrored(left) };
}

/** Computes the area of each region between the circles by inclusion and exclusion. */
function drawnAreas(circles: Circles): (region: EntityRegion) => number {
  const overlap = (...names: readonly SetName[]) => overlapOf(names.map((name) => circles[name]));
  const TLP = overlap('T', 'L', 'P');
  const TL = overlap('T', 'L') - TLP;
  const TP = overlap('T', 'P') - TLP;
  const LP = overlap('L', 'P') - TLP;
  const areas = {
    T: overlap('T') - TL - TP - TLP,
    L: overlap('L') - TL - LP - TLP,
    P: overlap('P') - TP - LP - TLP,
    TL,
    TP,
    LP,
    TLP,
  };
  return (region) => Math.max(0, areas[region]);
}

/** Computes the area shared by all circles. Sums slices, which is robust where circles touch or coincide and arc formulas are not. */
function overlapOf(circles: readonly EulerCircle[]): number {
  const from = Math.max(...circles.map(({ x, radius }) => x - radius));
  const to = Math.min(...circles.map(({ x, radius }) => x + radius));
  if (to <= from) return 0;
  const width = (to - from) / SLICES;
  let sum = 0;
  for (let slice = 0; slice < SLICES; slice++) {
    const at = from + (slice + 0.5) * width;
    let [low, high] = [-Infinity, Infinity];
    for (const { x, y, radius } of circles) {
      const half = Math.sqrt(Math.max(0, radius * radius - (at - x) * (at - x)));
      low = Math.max(low, y - half);
      high = Math.min(high, y + half);
    }
    sum += Math.max(0, high - low);
  }
  return sum * width;
}

function middleOf(circles: Circles, region: EntityRegion): EulerRegion['middle'] {
  const inside = NAMES.filter((name) => region.includes(name)).map((name) => circles[name]);
  const outside = NAMES.filter((name) => !region.includes(name)).map((name) => circles[name]);
  const left = Math.max(...inside.map(({ x, radius }) => x - radius));
  const right = Math.min(...inside.map(({ x, radius }) => x + radius));
  const top = Math.max(...inside.map(({ y, radius }) => y - radius));
  const bottom = Math.min(...inside.map(({ y, radius }) => y + radius));
  const thinnest = THINNEST * Math.max(...NAMES.map((name) => circles[name].radius));
  let middle: EulerRegion['middle'] = null;
  for (let across = 0; across <= POINTS; across++) {
    for (let down = 0; down <= POINTS; down++) {
      const x = left + ((right - left) * across) / POINTS;
      const y = top + ((bottom - top) * down) / POINTS;
      const clearance = Math.min(
        ...inside.map((circle) => circle.radius - Math.hypot(x - circle.x, y - circle.y)),
        ...outside.map((circle) =>
          circle.radius === 0 ? Infinity : Math.hypot(x - circle.x, y - circle.y) - circle.radius,
        ),
      );
      if (clearance > (middle?.clearance ?? thinnest)) middle = { x, y, clearance };
    }
  }
  return middle;
}
