// From a plan file to the runs it asks for, given what is in the library; and back.
import { canonicalJson } from '../util/fingerprint.ts';
import { LabError } from '../util/labError.ts';
import type { CorpusRecord } from '../schema/corpusRecord.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import { planFileSchema, type PlanFile } from '../schema/planFile.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import { runSpec } from './runSpec.ts';

interface Input {
  readonly name: string;
  readonly fingerprint?: string | undefined;
}

type PlanTask = PlanFile['tasks'][number];

/**
 * The plan in parsed JSON. Throws LabError `plan/foreign` for other JSON, `plan/newer` for a later version's plan
 * and `plan/invalid` naming the first member that is wrong.
 */
export function parsePlan(json: unknown): PlanFile {
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown };
  if (format !== 'bioner-lab-plan') {
    throw new LabError('plan/foreign', 'This is not a plan file.', {
      expected: 'format bioner-lab-plan',
      got: `format ${String(format)}`,
    });
  }
  if (typeof version === 'number' && version > 1) {
    throw new LabError('plan/newer', 'This plan was made by a later version of the lab.', {
      expected: 'version 1',
      got: `version ${version}`,
    });
  }
  const parsed = planFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LabError(
    'plan/invalid',
    `The plan is not valid at ${issue?.path.join('.') || 'its top'}: ${issue?.message}.`,
  );
}

/**
 * One run a task and seed, tasks in the plan's order and seeds within, none twice.
 * An input with a fingerprint is found by it, whatever its name here; without, by its name.
 * Throws LabError `plan/model-missing`, `plan/model-differs`, `plan/corpus-missing`, `plan/corpus-differs`,
 * `plan/unknown-type`, `plan/no-train-sentences` or `plan/no-train-mentions`, with what was expected and found.
 */
export function expandPlan(
  plan: PlanFile,
  library: { readonly corpora: readonly CorpusRecord[]; readonly models: readonly ModelRecord[] },
): readonly RunSpec[] {
  const model = resolve('model', plan.model, library.models);
  const specs = new Map<string, RunSpec>();
  for (const task of plan.tasks) {
    const corpus = resolve('corpus', task.corpus, library.corpora);
    checkTask(task, corpus);
    for (const seed of plan.seeds) {
      const spec = runSpec({
        method: plan.method,
        corpus: inputOf(corpus),
        type: task.type,
        model: inputOf(model),
        seed,
        config: plan.config,
      });
      specs.set(spec.id, spec);
    }
  }
  return [...specs.values()];
}

/**
 * The smallest plan that contains these runs: all their tasks with all their seeds.
 * Throws LabError `plan/empty` without runs and `plan/mixed` when method, model or settings differ among them.
 */
export function planOfRuns(specs: readonly RunSpec[]): PlanFile {
  const [first] = specs;
  if (first === undefined) throw new LabError('plan/empty', 'A plan needs at least one run.');
  for (const spec of specs) checkSamePlan(first, spec);
  const tasks = new Map<string, PlanTask>();
  for (const { corpus, type } of specs) {
    const task = { corpus: { name: corpus.name, fingerprint: corpus.fingerprint }, type };
    tasks.set(canonicalJson([corpus.id, type]), task);
  }
  const seeds = [...new Set(specs.map(({ seed }) => seed))].sort((left, right) => left - right);
  return {
    format: 'bioner-lab-plan',
    version: 1,
    name: planName(first, [...tasks.values()]),
    method: first.method,
    model: { name: first.model.name, fingerprint: first.model.fingerprint },
    tasks: [...tasks.values()],
    seeds,
    config: first.config,
  };
}

function resolve<Found extends { readonly name: string; readonly fingerprint: string }>(
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
      {
        expected: wanted.name,
        got: names === '' ? 'an empty library' : names,
      },
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

function checkTask({ type }: PlanTask, corpus: CorpusRecord): void {
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
  const mentions = type === null ? train.mentions : (train.perType[type] ?? 0);
  if (mentions === 0) {
    const kind = type === null ? 'mentions' : `mentions of type ${type}`;
    throw new LabError('plan/no-train-mentions', `The train split of ${corpus.name} has no ${kind} to learn from.`, {
      expected: 'at least one',
      got: '0',
    });
  }
}

function checkSamePlan(first: RunSpec, other: RunSpec): void {
  const differing = [
    other.method === first.method ? null : 'method',
    other.model.id === first.model.id ? null : 'model',
    canonicalJson(other.config) === canonicalJson(first.config) ? null : 'settings',
  ].filter((member) => member !== null);
  if (differing.length === 0) return;
  throw new LabError('plan/mixed', 'These runs are of different plans and need a file each.', {
    expected: 'one method, one model and the same settings',
    got: `runs that differ in ${differing.join(' and ')}`,
  });
}

function planName({ method }: RunSpec, tasks: readonly PlanTask[]): string {
  const [only] = tasks;
  if (tasks.length > 1 || only === undefined) return `${method} on ${tasks.length} tasks`;
  return `${method} on ${only.corpus.name}${only.type === null ? '' : ` ${only.type}`}`;
}

function inputOf({
  id,
  name,
  fingerprint,
}: {
  readonly id: string;
  readonly name: string;
  readonly fingerprint: string;
}) {
  return { id, name, fingerprint };
}
