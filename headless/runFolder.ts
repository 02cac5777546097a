// Keeps each run of a plan in its own folder, which moves between machines: its plan, its inputs, the weights it starts from, and its store.
import { copyFile, link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CorpusRecord } from '../src/schema/corpusRecord.ts';
import type { ModelRecord } from '../src/schema/modelRecord.ts';
import type { PlanFile } from '../src/schema/resultFile.ts';
import { neededRuns } from '../src/schema/runLineage.ts';
import type { RunRecord, RunSpec } from '../src/schema/runRecord.ts';
import { listCorpusRecords } from '../src/storage/corpusRecords.ts';
import { fileSystem } from '../src/storage/fileSystem.ts';
import { listModelRecords } from '../src/storage/modelRecords.ts';
import { readRunRecord } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { LabError } from '../src/util/labError.ts';

/** What a plan is trained on, as `DIR/inputs` has it. */
export interface PreparedInputs {
  /** The plan with the fingerprints of its inputs. */
  readonly plan: PlanFile;
  readonly corpora: readonly CorpusRecord[];
  readonly models: readonly ModelRecord[];
}

/** The store of the inputs that all runs of a folder of results share. */
export function inputsStoreOf(out: string): string {
  return path.join(out, 'inputs', 'store');
}

export function inputsPlanOf(out: string): string {
  return path.join(out, 'inputs', 'plan.json');
}

export function runFolderOf(out: string, runId: string): string {
  return path.join(out, 'runs', runId);
}

export function runStoreOf(folder: string): string {
  return path.join(folder, 'store');
}

export function runResultOf(folder: string): string {
  return path.join(folder, 'run.result.json');
}

/** Reads the inputs that a store has. */
export async function inputsIn(store: string, plan: PlanFile): Promise<PreparedInputs> {
  const files = fileSystem(store);
  const [corpora, models] = await Promise.all([listCorpusRecords(files), listModelRecords(files)]);
  return { plan, corpora: corpora.records, models: models.records };
}

/**
 * Puts everything that a run needs into its folder: inputs from `DIR/inputs`, and the records and the last weights of the run that it starts from,
 * which is looked for in `roots`. Files are linked where the file system can, so that a thousand runs hold one copy of a model. The store must be
 * locked. Throws LabError `headless/parent` where the parent is nowhere finished.
 */
export async function fillRunFolder(
  folder: string,
  spec: RunSpec,
  { plan, corpora }: PreparedInputs,
  roots: readonly string[],
): Promise<void> {
  const [out = ''] = roots;
  const [from, to] = [inputsStoreOf(out), runStoreOf(folder)];
  // The records of all corpora, of which ids are made; and its sentences.
  for (const { id } of corpora)
    await linkFile(path.join(from, 'corpus', id, 'record'), path.join(to, 'corpus', id, 'record'));
  for (const id of new Set(spec.tasks.map(({ corpus }) => corpus.id)))
    await linkTree(path.join(from, 'corpus', id), path.join(to, 'corpus', id));
  await linkTree(path.join(from, 'model', spec.model.id), path.join(to, 'model', spec.model.id));
  for (const needed of neededRuns(spec)) await adoptParent(to, needed, roots);
  const own: PlanFile = { ...plan, runs: [spec.id] };
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'plan.json'), `${JSON.stringify(own, null, 2)}\n`);
}

async function adoptParent(store: string, parentId: string, roots: readonly string[]): Promise<void> {
  const searched = roots.flatMap((root) => [runStoreOf(runFolderOf(root, parentId)), path.join(root, 'store')]);
  let got = 'none';
  for (const from of searched) {
    const record = await readRunRecord(fileSystem(from), parentId).catch(() => undefined);
    if (record === undefined) continue;
    const last = record.snapshots.at(-1)?.epoch;
    if (record.status !== 'finished' || last === undefined) {
      got = `one that is ${record.status} at step ${record.step} of ${record.totalSteps} in ${from}`;
      continue;
    }
    await adoptLine(from, store, record);
    const snapshot = path.join('run', parentId, 'snapshot', ordinal(last));
    await linkTree(path.join(from, snapshot), path.join(store, snapshot));
    return;
  }
  throw new LabError('headless/parent', 'A run that this one starts from or reads has to be trained first.', {
    expected: `run ${parentId}, finished, in ${searched.join(' or ')}`,
    got,
  });
}

/** Adopts the records of a run and of those that it needed: a result file has them, too. */
async function adoptLine(from: string, to: string, record: RunRecord): Promise<void> {
  const { id } = record.spec;
  await linkFile(path.join(from, 'run', id, 'record'), path.join(to, 'run', id, 'record'));
  for (const needed of neededRuns(record.spec)) {
    const next = await readRunRecord(fileSystem(from), needed);
    if (next !== undefined) await adoptLine(from, to, next);
  }
}

/** Removes the weights that a run started from, once it has finished; those that it reads are part of its tagger. */
export async function dropParentWeights(folder: string, { parent }: RunSpec): Promise<void> {
  if (parent === null) return;
  await rm(path.join(runStoreOf(folder), 'run', parent, 'snapshot'), { recursive: true, force: true });
}

/**
 * Removes snapshots of finished runs that nothing needs any more: `selected` keeps the one that was selected on devel, `none` not even that. The
 * last one stays while a run of `specs` that starts from it may still need it, and for good where one reads it.
 */
export async function pruneSnapshots(
  store: Store,
  specs: readonly RunSpec[],
  runIds: readonly string[],
  keep: 'selected' | 'none',
): Promise<void> {
  const children = new Map<string, RunSpec[]>();
  for (const spec of specs)
    if (spec.parent !== null) children.set(spec.parent, [...(children.get(spec.parent) ?? []), spec]);
  const isRead = new Set(specs.flatMap(({ collaboration }) => collaboration?.helpers ?? []));
  for (const id of runIds) {
    const record = await readRunRecord(store, id);
    if (record?.status !== 'finished') continue;
    const others = await Promise.all((children.get(id) ?? []).map((child) => readRunRecord(store, child.id)));
    const needed = new Set<number | null | undefined>([
      keep === 'selected' ? record.selectedEpoch : null,
      isRead.has(id) || others.some((other) => other?.status !== 'finished') ? record.snapshots.at(-1)?.epoch : null,
    ]);
    for (const { epoch } of record.snapshots) {
      if (needed.has(epoch)) continue;
      await store.remove(await store.keys(`run/${id}/snapshot/${ordinal(epoch)}/`));
    }
  }
}

/** As checkpoints name the folders of snapshots. */
function ordinal(epoch: number): string {
  return String(epoch).padStart(9, '0');
}

/** Links every file of a folder; no file is ever changed in place, so that links are as safe as copies. */
async function linkTree(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isFile() && !entry.name.endsWith('~')) await linkFile(source, target);
  }
}

async function linkFile(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  const unfinished = `${to}~`;
  await rm(unfinished, { force: true });
  // Other file systems, and some that are shared over a network, have no links.
  await link(from, unfinished).catch(() => copyFile(from, unfinished));
  await rename(unfinished, to);
  // Renaming a link over another one to the same file leaves both.
  await rm(unfinished, { force: true });
}
