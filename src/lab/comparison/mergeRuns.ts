// Merges runs without duplicates: the lab's with those of result files, and result files of parts of a plan into one; reports conflicts.
import type { Descriptions } from '../../schema/libraryRecord.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import { sealResultFile, type PlanFile, type ResultFile } from '../../schema/resultFile.ts';
import type { RunRecord, RunSpec, TaskRef } from '../../schema/runRecord.ts';
import { canonicalJson } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { runsOfPlan, withAncestors } from '../plans/expandPlan.ts';
import { planOfRuns } from '../plans/exportResult.ts';
import { familySettings } from '../plans/presets.ts';
import { layersAtRate } from '../plans/runGraph.ts';
import type { ImportedResult } from '../state/labState.ts';
import { runTitle } from '../state/runViews.ts';

export interface PooledRun {
  readonly record: RunRecord;
  /** Result files with this run; null for the lab itself. `record` comes from the first. */
  readonly sources: readonly (string | null)[];
}

/** One name used for different content. */
export interface InputConflict {
  readonly noun: 'corpus' | 'model';
  readonly name: string;
  readonly versions: readonly {
    readonly fingerprint: string;
    /** Result files with runs on this content; null for the lab itself. */
    readonly sources: readonly (string | null)[];
  }[];
}

export interface MergedRuns {
  /** In order of first appearance, the lab's own runs first. */
  readonly runs: readonly PooledRun[];
  /** Number of runs found in more than one source. */
  readonly repeated: number;
  readonly conflicts: readonly InputConflict[];
}

/**
 * For a run with several records, prefers the finished one, then the one with more steps, then the first. Runs with conflicting inputs stay
 * in the pool, since each is valid by itself; the page warns that they cannot be compared.
 */
export function mergeRuns(
  own: readonly RunRecord[],
  imported: readonly Pick<ImportedResult, 'fileName' | 'file'>[],
): MergedRuns {
  const records = [
    ...own.map((record) => ({ record, source: null })),
    ...imported.flatMap(({ fileName, file }) => file.runs.map((record) => ({ record, source: fileName }))),
  ];
  const pool = new Map<string, { record: RunRecord; first: string | null; readonly sources: Set<string | null> }>();
  for (const { record, source } of records) {
    const { id } = record.spec;
    const existing = pool.get(id);
    if (existing === undefined) {
      pool.set(id, { record, first: source, sources: new Set([source]) });
      continue;
    }
    existing.sources.add(source);
    if (isFurther(record, existing.record)) Object.assign(existing, { record, first: source });
  }
  const runs = [...pool.values()].map(({ record, first, sources }) => ({
    record,
    sources: [...new Set([first, ...sources])],
  }));
  return { runs, repeated: runs.filter(({ sources }) => sources.length > 1).length, conflicts: conflictsAmong(runs) };
}

function isFurther(one: RunRecord, other: RunRecord): boolean {
  const isFinished = one.status === 'finished';
  return isFinished === (other.status === 'finished') ? one.step > other.step : isFinished;
}

function conflictsAmong(runs: readonly PooledRun[]): readonly InputConflict[] {
  interface Named {
    readonly noun: InputConflict['noun'];
    readonly name: string;
    /** Sets, because thousands of files may use one input. */
    readonly versions: Map<string, Set<string | null>>;
  }
  const inputs = new Map<string, Named>();
  const note = (
    noun: InputConflict['noun'],
    input: RunRecord['spec']['model'],
    sources: PooledRun['sources'],
  ): void => {
    const key = `${noun} ${input.name}`;
    const named = inputs.get(key) ?? { noun, name: input.name, versions: new Map() };
    inputs.set(key, named);
    const { versions } = named;
    const all = versions.get(input.fingerprint) ?? new Set();
    versions.set(input.fingerprint, all);
    for (const source of sources) all.add(source);
  };
  for (const { record, sources } of runs) {
    note('model', record.spec.model, sources);
    for (const { corpus } of record.spec.tasks) note('corpus', corpus, sources);
  }
  return [...inputs.values()]
    .filter(({ versions }) => versions.size > 1)
    .map(({ noun, name, versions }) => ({
      noun,
      name,
      versions: [...versions].map(([fingerprint, sources]) => ({ fingerprint, sources: [...sources] })),
    }));
}

// Merges result files of parts of a plan into one, and says what is missing, what was trained twice, and what was trained on other inputs.

export interface PartFile {
  readonly name: string;
  readonly file: ResultFile;
}

export interface MergedRun {
  readonly runId: string;
  readonly title: string;
  /** The files that have it. */
  readonly files: readonly string[];
}

export interface MergeReport {
  /** Runs of the plan; null without a plan. */
  readonly expected: number | null;
  readonly merged: number;
  readonly finished: number;
  /** Runs of the plan that no file has, or none has finished. */
  readonly missing: readonly (MergedRun & { readonly status: RunRecord['status'] | null })[];
  /** Runs that were trained more than once, and whether with the same outcome. */
  readonly repeated: readonly (MergedRun & { readonly isSame: boolean })[];
  /** Runs that do not belong to the plan and are left out, with the input that differs. */
  readonly foreign: readonly (MergedRun & { readonly expected: string; readonly got: string })[];
}

export interface MergedParts {
  readonly result: ResultFile;
  readonly report: MergeReport;
}

/**
 * Merges in the order of the plan; without a plan in the order of the files. Runs that do not belong to the plan are left out. Throws LabError
 * `merge/empty` where no run remains.
 */
export function mergeParts(
  parts: readonly PartFile[],
  plan: PlanFile | null,
  { software, exportedAt }: Pick<ResultFile, 'software' | 'exportedAt'>,
): MergedParts {
  const { runs: pool } = mergeRuns([], parts.map(({ name, file }) => ({ fileName: name, file }))); // prettier-ignore
  const found = new Map(pool.map((run) => [run.record.spec.id, run]));
  const models = modelsIn(parts);
  const layers = new Map(models.map((model) => [model.id, model.layers]));
  const describe = (spec: RunSpec): MergedRun => ({
    runId: spec.id,
    title: runTitle(spec, layers.get(spec.model.id) ?? null),
    files: (found.get(spec.id)?.sources ?? []).filter((source) => source !== null),
  });
  const wanted = plan === null ? null : expectedRuns(plan, pool.map(({ record }) => record), models); // prettier-ignore
  const expected = wanted === null ? null : new Set(wanted.specs.map(({ id }) => id));
  const order = wanted?.specs.map(({ id }) => id) ?? pool.map(({ record }) => record.spec.id);
  const runs = order.flatMap((id) => found.get(id)?.record ?? []);
  if (runs.length === 0) {
    throw new LabError('merge/empty', 'No run of the plan is in these files.', {
      expected: plan === null ? 'a result file with runs' : `runs of ${plan.name} on the same inputs`,
      got: `${pool.length} runs in ${parts.length} files`,
    });
  }
  const missing = (wanted?.specs ?? []).flatMap((spec) => {
    const status = found.get(spec.id)?.record.status ?? null;
    return status === 'finished' ? [] : [{ ...describe(spec), status }];
  });
  const foreign = pool.flatMap(({ record: { spec } }) =>
    expected === null || expected.has(spec.id) || wanted === null
      ? []
      : [{ ...describe(spec), ...wanted.reasonOf(spec) }],
  );
  const usedModels = new Set(runs.map(({ spec }) => spec.model.id));
  const whole = withoutOrphans(runs);
  const descriptions = descriptionsOf(parts, whole);
  const members = {
    format: 'bioner-lab-result',
    version: 2,
    software,
    exportedAt,
    plan: planOf(runs, models, plan ?? parts[0]?.file.plan ?? null),
    models: models.filter(({ id }) => usedModels.has(id)),
    runs: whole,
    ...(descriptions !== null && { descriptions }),
  } as const;
  const finished = runs.filter(({ status }) => status === 'finished').length;
  const repeated = repeatedRuns(parts).flatMap(({ spec, isSame }) =>
    expected === null || expected.has(spec.id) ? [{ ...describe(spec), isSame }] : [],
  );
  const report = { expected: expected?.size ?? null, merged: runs.length, finished, missing, repeated, foreign };
  return { result: sealResultFile({ ...members, models: [...members.models], runs: [...members.runs] }), report };
}

/** The plan that all files are of, under the name that its parts share; null where they differ. */
export function commonPlan(parts: readonly PartFile[]): PlanFile | null {
  // Most files have the plan in the same words: only different ones are put in a canonical form.
  const asWritten = new Map(parts.map(({ file }) => [JSON.stringify(file.plan), file.plan]));
  const plans = new Map<string, PlanFile>();
  for (const written of asWritten.values()) {
    const plan = { ...written, name: written.name.replace(/, part \d+ of \d+$/, '') };
    plans.set(canonicalJson(plan), plan);
  }
  const [only, ...others] = plans.values();
  return others.length === 0 ? (only ?? null) : null;
}

/** What was written about the merged runs and their experiments, by the first file that says something of each; null if none does. */
function descriptionsOf(parts: readonly PartFile[], runs: readonly RunRecord[]): Descriptions | null {
  const said = parts.flatMap(({ file }) => file.descriptions ?? []).reverse();
  const merged = new Set(runs.map(({ spec }) => spec.id));
  const ofRuns = said.flatMap((one) => Object.entries(one.runs).filter(([id]) => merged.has(id)));
  const ofExperiments = said.flatMap((one) => Object.entries(one.experiments));
  if (ofRuns.length + ofExperiments.length === 0) return null;
  return { runs: Object.fromEntries(ofRuns), experiments: Object.fromEntries(ofExperiments) };
}

function modelsIn(parts: readonly PartFile[]): readonly ModelRecord[] {
  const models = new Map<string, ModelRecord>();
  for (const { file } of parts) for (const model of file.models) if (!models.has(model.id)) models.set(model.id, model);
  return [...models.values()];
}

/** A run whose parent is missing cannot be in a result file. */
function withoutOrphans(runs: readonly RunRecord[]): readonly RunRecord[] {
  const here = new Set<string>();
  return runs.filter(({ spec: { id, parent } }) => {
    if (parent !== null && !here.has(parent)) return false;
    here.add(id);
    return true;
  });
}

/** The smallest plan of these runs, under the name of `named`; `named` itself where no single plan covers them, as in the middle of a training. */
function planOf(runs: readonly RunRecord[], models: readonly ModelRecord[], named: PlanFile | null): PlanFile {
  try {
    const plan = planOfRuns(runs.map(({ spec }) => spec), models); // prettier-ignore
    return named === null ? plan : { ...plan, name: named.name };
  } catch (error) {
    if (named === null || !(error instanceof LabError) || error.code !== 'plan/mixed') throw error;
    return named;
  }
}

/** Runs with more than one record, each as long as its records: a child's file repeats the record of its parent, which is one training. */
function repeatedRuns(parts: readonly PartFile[]): readonly { readonly spec: RunSpec; readonly isSame: boolean }[] {
  const finished = new Map<string, RunRecord[]>();
  for (const record of parts.flatMap(({ file }) => file.runs)) {
    if (record.status !== 'finished') continue;
    const { id } = record.spec;
    const records = finished.get(id);
    if (records === undefined) finished.set(id, [record]);
    else records.push(record);
  }
  return [...finished.values()].flatMap((records) => {
    const [first] = records;
    if (first === undefined || records.length === 1 || differing(records) === 1) return [];
    return [{ spec: first.spec, isSame: differing(records.map(outcomeOf)) === 1 }];
  });
}

/** How many of the values differ, whatever the order of their members. */
function differing(values: readonly unknown[]): number {
  return new Set(values.map(canonicalJson)).size;
}

/** What a training found, without when and where. */
export function outcomeOf({ steps, epochs, snapshots, selectedEpoch }: RunRecord): unknown {
  return {
    steps: steps.map(({ elapsedMs: _ms, ...point }) => point),
    epochs: epochs.map(({ elapsedMs: _ms, ...point }) => point),
    snapshots,
    selectedEpoch,
  };
}

interface ExpectedRuns {
  readonly specs: readonly RunSpec[];
  /** What keeps a run out of the plan. */
  readonly reasonOf: (spec: RunSpec) => { readonly expected: string; readonly got: string };
}

type Input = RunSpec['model'];

/**
 * Expands a plan without its library: inputs are what the runs say, by fingerprint where the plan has one, else what most runs under the name
 * used. A task that no run has keeps its name, so that its runs are missing by name.
 */
function expectedRuns(plan: PlanFile, records: readonly RunRecord[], models: readonly ModelRecord[]): ExpectedRuns {
  const corpora = tally(records.flatMap(({ spec }) => spec.tasks.map(({ corpus }) => corpus)));
  const types = new Map(
    records.flatMap(({ spec }) => spec.tasks.map(({ corpus, type }) => [corpus.id, type] as const)),
  );
  const input = resolved(plan.model, tally(records.map(({ spec }) => spec.model)));
  const record = models.find(({ id }) => id === input.id);
  const { config, biases } = record === undefined ? plan : familySettings(plan, record);
  const taskOf = ({ corpus, type }: PlanFile['categories'][number]['tasks'][number]): TaskRef => {
    const found = resolved(corpus, corpora);
    return { corpus: found, type: type ?? types.get(found.id) ?? null };
  };
  const layers = [...new Set(plan.slicingRates.map((rate) => layersAtRate(rate, record?.layers ?? 0)))];
  const { methods, seeds, rounds, turns, frozen } = plan;
  const categories = plan.categories.map(({ name, typeName, tasks }) => ({ name, typeName, tasks: tasks.map(taskOf) }));
  const slicings = layers.map((count) => ({ layers: count, biases, frozen }));
  const all = runsOfPlan({ methods, seeds, rounds, turns, config, model: input, slicings, categories });
  const specs = plan.runs === undefined ? all : withAncestors(all, plan.runs);
  const chosen = new Map([input, ...categories.flatMap(({ tasks }) => tasks.map(({ corpus }) => corpus))].map((one) => [one.name, one.fingerprint])); // prettier-ignore
  return { specs, reasonOf: (spec) => reason(spec, chosen) };
}

function reason(
  spec: RunSpec,
  chosen: ReadonlyMap<string, string>,
): { readonly expected: string; readonly got: string } {
  for (const { name, fingerprint } of [spec.model, ...spec.tasks.map(({ corpus }) => corpus)]) {
    const expected = chosen.get(name);
    if (expected === undefined) return { expected: 'inputs of the plan', got: name };
    if (expected !== fingerprint) {
      return { expected: `${name} with fingerprint ${expected.slice(0, 16)}`, got: `fingerprint ${fingerprint.slice(0, 16)}` }; // prettier-ignore
    }
  }
  return { expected: 'methods, seeds, rounds and settings of the plan', got: `${spec.method}, seed ${spec.seed}, round ${spec.round}, or other settings` }; // prettier-ignore
}

interface Tally {
  readonly input: Input;
  count: number;
}

function tally(inputs: readonly Input[]): ReadonlyMap<string, Tally> {
  const counts = new Map<string, Tally>();
  for (const input of inputs) {
    const entry = counts.get(input.fingerprint) ?? { input, count: 0 };
    entry.count++;
    counts.set(input.fingerprint, entry);
  }
  return counts;
}

function resolved({ name, fingerprint }: PlanFile['model'], counts: ReadonlyMap<string, Tally>): Input {
  if (fingerprint !== undefined) {
    return { ...(counts.get(fingerprint)?.input ?? { id: fingerprint.slice(0, 16), name }), name, fingerprint };
  }
  const named = [...counts.values()].filter(({ input }) => input.name === name);
  const most = named.reduce<Tally | null>((best, one) => (best === null || one.count > best.count ? one : best), null);
  return most?.input ?? { id: name, name, fingerprint: '' };
}
