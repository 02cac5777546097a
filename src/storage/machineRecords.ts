// Stores what concerns this machine: its settings, its tuned matrix products, its pace, and the queue of runs.
import {
  defaultMachineSettings,
  machinePaceSchema,
  machineSettingsSchema,
  matmulTableSchema,
  type MachinePace,
  type MachineSettings,
  type MatmulTable,
  type Precision,
} from '../schema/machineSettings.ts';
import { queueRecordSchema } from '../schema/runRecord.ts';
import { fingerprint } from '../util/digest.ts';
import { ifCorrupt, readJson, writeJson } from './records.ts';
import type { Store } from './store.ts';

const SETTINGS_KEY = 'machine/settings/record';

/** Returns the defaults if nothing is stored. Throws LabError `storage/corrupt`. */
export async function readMachineSettings(store: Store): Promise<MachineSettings> {
  return (await readJson(store, SETTINGS_KEY, machineSettingsSchema)) ?? defaultMachineSettings;
}

export function writeMachineSettings(store: Store, settings: MachineSettings): Promise<void> {
  return writeJson(store, SETTINGS_KEY, settings);
}

/** What a table of products is valid for: an adapter under a browser (both as text) and a precision. */
interface TunedFor {
  readonly adapter: string;
  readonly browser: string;
  readonly precision: Precision;
}

/** Reads what tuning found, or undefined before any tuning. Throws LabError `storage/corrupt`. */
export function readMatmulTable(store: Store, tunedFor: TunedFor): Promise<MatmulTable | undefined> {
  return readJson(store, tableKey(tunedFor), matmulTableSchema);
}

export function writeMatmulTable(store: Store, tunedFor: TunedFor, table: MatmulTable): Promise<void> {
  return writeJson(store, tableKey(tunedFor), table);
}

function tableKey({ adapter, browser, precision }: TunedFor): string {
  return `machine/${fingerprint([adapter, browser, precision]).slice(0, 16)}/products`;
}

/** What a pace is valid for: a backend on a device under a browser, with a number of threads, all as text. */
export type PaceOf = readonly string[];

/** Reads what was measured, or undefined before that; what this version cannot read is measured again. */
export function readMachinePace(store: Store, paceOf: PaceOf): Promise<MachinePace | undefined> {
  return readJson(store, paceKey(paceOf), machinePaceSchema).catch(ifCorrupt(undefined));
}

export function writeMachinePace(store: Store, paceOf: PaceOf, pace: MachinePace): Promise<void> {
  return writeJson(store, paceKey(paceOf), pace);
}

function paceKey(paceOf: PaceOf): string {
  return `machine/${fingerprint([...paceOf]).slice(0, 16)}/pace`;
}

const QUEUE_KEY = 'lab/queue';

/** Reads the ids in order, none if nothing is stored. Throws LabError `storage/corrupt`. */
export async function readQueueRecord(store: Store): Promise<readonly string[]> {
  return (await readJson(store, QUEUE_KEY, queueRecordSchema)) ?? [];
}

/** Throws LabError `storage/full` after removing the stored queue: no one may resume what is no longer current. */
export async function writeQueueRecord(store: Store, runIds: readonly string[]): Promise<void> {
  try {
    await writeJson(store, QUEUE_KEY, runIds);
  } catch (error) {
    await store.remove([QUEUE_KEY]);
    throw error;
  }
}
