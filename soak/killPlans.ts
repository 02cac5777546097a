// Plans to train while being killed repeatedly: a few seconds each on a tiny XLNet, and the folders they need.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { presets } from '../src/lab/plans/presets.ts';
import type { TrainingConfig } from '../src/schema/config.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import { modelFolder } from '../tests/fixtures/modelFolders.ts';
import { planFile } from '../tests/fixtures/records.ts';
import { writeShortCorpora } from '../tests/fixtures/shortCorpora.ts';

const corpora = [
  { name: 'short-a', sample: 'sample-disease-a', type: 'Disease' },
  { name: 'short-b', sample: 'sample-disease-b', type: 'Illness' },
] as const;

/**
 * Enables everything that resuming could get wrong: dropout at all sites, gradients accumulated over unequal micro-batches, a
 * decaying rate, fewer snapshots than epochs. Epochs have few steps, so that much of the time goes into the writes at their ends.
 */
const config: TrainingConfig = {
  ...presets.sample.config,
  batchSize: 4,
  microBatchSize: 3,
  learningRate: 1e-2,
  dropout: { encoder: 0.1, attention: 0.1, head: 0.1 },
  snapshots: 3,
};

export interface KillPlan {
  readonly plan: PlanFile;
  /** Number of runs in the plan. */
  readonly runs: number;
}

/** A single task. */
export function singleTaskPlan(epochs: number): KillPlan {
  const plan = planFile({
    name: 'killed',
    model: { name: 'tiny' },
    categories: [{ name: 'sickness', typeName: null, tasks: [{ corpus: { name: 'short-a' }, type: 'Disease' }] }],
    config: { ...config, epochs },
  });
  return { plan, runs: 1 };
}

/** Two tasks together, then the runs that start from it: each of them at one slicing rate, and a further round of all. */
export function sharingPlan(epochs: number): KillPlan {
  const plan = planFile({
    name: 'killed',
    methods: ['MTL-XC', 'MTL-LS'],
    slicingRates: [0.5],
    model: { name: 'tiny' },
    categories: [
      { name: 'sickness', typeName: 'Sickness', tasks: corpora.map(({ name, type }) => ({ corpus: { name }, type })) },
    ],
    rounds: { count: 1, epochs },
    config: { ...config, epochs },
  });
  return { plan, runs: 6 };
}

export interface PlanFolder {
  readonly planFile: string;
  /** Folders of folders, as headless expects them. */
  readonly corporaFolder: string;
  readonly modelsFolder: string;
  /** Everything to drop on the page, the plan last. */
  readonly drops: readonly string[];
}

/** Writes a plan, its model and its corpora under `home`. */
export async function writePlanFolder(home: string, { plan }: KillPlan): Promise<PlanFolder> {
  const [corporaFolder, modelsFolder] = [path.join(home, 'corpora'), path.join(home, 'models')];
  const corpusFolders = await writeShortCorpora(corporaFolder, corpora, { train: 12, devel: 4, test: 4 });
  const model = path.join(modelsFolder, plan.model.name);
  await mkdir(model, { recursive: true });
  for (const { name, bytes } of modelFolder('f16')) await writeFile(path.join(model, name), bytes);
  const file = path.join(home, `${plan.name}.plan.json`);
  await writeFile(file, JSON.stringify(plan));
  return { planFile: file, corporaFolder, modelsFolder, drops: [...corpusFolders, model, file] };
}
