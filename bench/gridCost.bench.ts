// Plans the paper's whole grid on its corpora and costs it from the time of a step: graphics card hours, storage, jobs, with and without pruning.
import { readCategory } from '../scripts/analysis/readCategory.ts';
import { CATEGORY_NAMES } from '../src/data/catalogue/catalogue.ts';
import type { Sentence } from '../src/data/corpus/corpus.ts';
import { expandPlan } from '../src/lab/plans/expandPlan.ts';
import { presets } from '../src/lab/plans/presets.ts';
import { runGraph } from '../src/lab/plans/runGraph.ts';
import { planJobs } from '../src/lab/workflow/planJobs.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import type { RunNode } from '../src/schema/runLineage.ts';
import { corpusRecord, modelRecord, splitCounts } from '../tests/fixtures/records.ts';

// Run manually: npx tsx bench/gridCost.bench.ts CORPORA STEP_MS ..., with the milliseconds of a step on each machine
const [folder = '', ...steps] = process.argv.slice(2);

/** Pieces of XLNet's vocabulary for a token of biomedical text, and the special tokens of a sequence. */
const PIECES_PER_TOKEN = 2;
const SPECIALS = 2;
const PARAMETERS = 360_268_800;
const SCORING_SHARE = 1 / 3;

const { config, rounds } = presets.paper;
const tokensOf = (sentences: readonly Sentence[]): number => sentences.reduce((sum, { tokens }) => sum + tokens.length, 0); // prettier-ignore
/** Sequences of packed sentences: as many pieces as fit. */
const packed = (tokens: number): number => Math.ceil((PIECES_PER_TOKEN * tokens) / (config.maxPieces - SPECIALS));

interface Sizes {
  readonly train: number;
  readonly devel: number;
  readonly test: number;
}

/** Training, devel and test sequences of each task, by name. */
const sizes = new Map<string, Sizes>();
const categories: PlanFile['categories'] = [];
const corpora = [];
for (const name of CATEGORY_NAMES) {
  const { tasks, missing } = await readCategory(folder, name);
  for (const { task, folder: place } of missing) console.error(`${task} is missing: ${place}`);
  for (const { task, train, devel, test } of tasks) {
    sizes.set(task, { train: packed(tokensOf(train)), devel: packed(tokensOf(devel)), test: packed(tokensOf(test)) });
    const counts = splitCounts(train.length, { Entity: 1 });
    corpora.push(corpusRecord(task, { types: ['Entity'], counts: { train: counts, devel: counts, test: counts } }));
  }
  categories.push({ name, typeName: 'Entity', tasks: tasks.map(({ task }) => ({ corpus: { name: task }, type: 'Entity' })) }); // prettier-ignore
}

const plan: PlanFile = {
  format: 'bioner-lab-plan',
  version: 2,
  name: 'paper',
  methods: ['STL', 'MTL-XC', 'MTL-LS'],
  slicingRates: [0.25, 0.5, 0.75, 1],
  biases: 'released',
  frozen: false,
  model: { name: 'xlnet-large-cased' },
  categories,
  seeds: [1],
  rounds,
  config,
};
const models = [modelRecord('xlnet-large-cased', { layers: 24, parameterCount: PARAMETERS })];
const { nodes } = runGraph(expandPlan(plan, { corpora, models }), { corpora, models }, []);

const sum = (of: (node: RunNode) => number): number => nodes.reduce((total, node) => total + of(node), 0);
const sequences = ({ spec }: Pick<RunNode, 'spec'>, split: keyof Sizes): number =>
  spec.tasks.reduce((total, { corpus }) => total + (sizes.get(corpus.name)?.[split] ?? 0), 0);
const updates = (node: Pick<RunNode, 'spec'>): number =>
  node.spec.config.epochs * Math.ceil(sequences(node, 'train') / config.batchSize);
const scored = (node: Pick<RunNode, 'spec'>): number =>
  node.spec.config.epochs * sequences(node, 'devel') + config.snapshots * sequences(node, 'test');
const msOf = (node: Pick<RunNode, 'spec'>, stepMs: number): number =>
  stepMs * (updates(node) + (SCORING_SHARE * scored(node)) / config.batchSize);

const parents = new Set(nodes.map(({ spec }) => spec.parent).filter((parent) => parent !== null));
const snapshotBytes = 4 * PARAMETERS;
const allBytes = nodes.length * config.snapshots * snapshotBytes;
// The selected snapshot of every run, and the last one of runs that others start from.
const selectedBytes = (nodes.length + parents.size) * snapshotBytes;
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(0)} GB`;

console.log(`${sizes.size} tasks, ${nodes.length} runs, ${sum(updates).toLocaleString('en')} updates of ${config.batchSize} sequences of ${config.maxPieces} pieces`); // prettier-ignore
console.log(`snapshots: all ${gigabytes(allBytes)}, selected ${gigabytes(selectedBytes)}, none ${gigabytes(parents.size * snapshotBytes)}; a resume point ${gigabytes(3 * snapshotBytes)}, two a run`); // prettier-ignore
for (const text of steps) {
  const stepMs = Number(text);
  const hours = sum((node) => msOf(node, stepMs)) / 3_600_000;
  const jobs = planJobs(nodes, (node) => msOf(node, stepMs));
  const longest = longestLineHours(stepMs);
  const lengths = jobs.map(({ estimatedMs }) => estimatedMs / 3_600_000).sort((left, right) => left - right);
  console.log(`${stepMs} ms a step: ${hours.toFixed(0)} hours on one, at least ${Math.max(longest, hours / 8).toFixed(0)} on 8, ${longest.toFixed(0)} on any number; ${jobs.length} jobs of ${lengths[0]?.toFixed(1)} to ${lengths.at(-1)?.toFixed(1)} hours`); // prettier-ignore
}

/** The hours of the longest line of runs that wait for one another. */
function longestLineHours(stepMs: number): number {
  const ends = new Map<string, number>();
  for (const node of nodes) ends.set(node.spec.id, msOf(node, stepMs) + (ends.get(node.spec.parent ?? '') ?? 0));
  return Math.max(...ends.values()) / 3_600_000;
}
