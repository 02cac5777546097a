// From a plan file to the runs it asks for, given what is in the library.
import type { CorpusRecord } from '../schema/corpusRecord.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import type { PlanFile } from '../schema/planFile.ts';
import type { RunSpec, Slicing, TaskRef } from '../schema/runRecord.ts';
import { familySettings } from './familySettings.ts';
import { findInput, findTasks } from './findInputs.ts';
import { runSpec } from './runSpec.ts';

/** A plan whose inputs are known by content and whose slicing rates are numbers of layers. */
export interface ResolvedPlan extends Pick<PlanFile, 'methods' | 'seeds' | 'rounds' | 'config'> {
  readonly model: RunSpec['model'];
  readonly slicings: readonly Slicing[];
  readonly categories: readonly {
    readonly name: string;
    readonly typeName: string | null;
    readonly tasks: readonly TaskRef[];
  }[];
}

/**
 * The runs of a plan, none twice, parents before the runs that start from them: for every category and seed STL of each task, MTL-XC (also
 * where only MTL-LS asks for it) and MTL-LS of each task at each slicing, the first training of each followed by its rounds.
 * Settings are those of the model's family, whatever the plan says of another's. Throws LabError `plan/model-missing`,
 * `plan/model-differs`, `plan/positions` and what `findTasks` throws.
 */
export function expandPlan(
  plan: PlanFile,
  library: { readonly corpora: readonly CorpusRecord[]; readonly models: readonly ModelRecord[] },
): readonly RunSpec[] {
  const model = findInput('model', plan.model, library.models);
  const { config, biases } = familySettings(plan, model);
  const areTrainedTogether = plan.methods.some((method) => method !== 'STL');
  return runsOfPlan({
    methods: plan.methods,
    seeds: plan.seeds,
    rounds: plan.rounds,
    config,
    model: { id: model.id, name: model.name, fingerprint: model.fingerprint },
    slicings: slicedLayers(plan.slicingRates, model.layers).map((layers) => ({
      layers,
      biases,
      frozen: plan.frozen,
    })),
    categories: plan.categories.map((category) => ({
      name: category.name,
      typeName: category.typeName,
      tasks: findTasks(category, library.corpora, areTrainedTogether),
    })),
  });
}

/** Numbers of shared layers at these slicing rates, the nearest to `rate * layerCount` each (paper, `slicingRate = k / n`), none twice. */
export function slicedLayers(rates: readonly number[], layerCount: number): readonly number[] {
  return [...new Set(rates.map((rate) => Math.round(rate * layerCount)))];
}

/** The runs of `expandPlan`, for a plan whose inputs were found already. */
export function runsOfPlan(plan: ResolvedPlan): readonly RunSpec[] {
  const specs = new Map<string, RunSpec>();
  for (const category of plan.categories) {
    for (const seed of plan.seeds) {
      for (const spec of runsOfCategory(plan, category, seed)) specs.set(spec.id, spec);
    }
  }
  return [...specs.values()];
}

function runsOfCategory(plan: ResolvedPlan, category: ResolvedPlan['categories'][number], seed: number): RunSpec[] {
  const { methods, model, config } = plan;
  const { name, typeName } = category;
  const common = { slicing: null, round: 0, parent: null, model, seed, config };
  const specs: RunSpec[] = [];
  if (methods.includes('STL')) {
    for (const task of category.tasks) {
      specs.push(...withRounds(runSpec({ ...common, method: 'STL', tasks: [task], category: null }), plan.rounds));
    }
  }
  if (typeName === null || !methods.some((method) => method !== 'STL')) return specs;
  const together = { ...common, category: { name, typeName } };
  const shared = runSpec({ ...together, method: 'MTL-XC', tasks: [...category.tasks] });
  specs.push(...(methods.includes('MTL-XC') ? withRounds(shared, plan.rounds) : [shared]));
  if (!methods.includes('MTL-LS')) return specs;
  for (const slicing of plan.slicings) {
    for (const task of category.tasks) {
      const sliced = runSpec({ ...together, method: 'MTL-LS', tasks: [task], slicing, parent: shared.id });
      specs.push(...withRounds(sliced, plan.rounds));
    }
  }
  return specs;
}

/** A first training and the rounds that start again from the weights it ended with (paper: 30 epochs, then 3 times 30). */
function withRounds(first: RunSpec, { count, epochs }: PlanFile['rounds']): RunSpec[] {
  const { id: parent, config } = first;
  const rounds = Array.from({ length: count }, (_, index) =>
    runSpec({ ...first, round: index + 1, parent, config: { ...config, epochs } }),
  );
  return [first, ...rounds];
}
