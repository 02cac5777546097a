// This machine's settings in a store.
import { defaultMachineSettings, machineSettingsSchema, type MachineSettings } from '../schema/machineSettings.ts';
import { readJson, writeJson } from './records.ts';
import type { Store } from './store.ts';

const KEY = 'machine/settings/record';

/** The defaults when nothing is stored. Throws LabError `storage/corrupt`. */
export async function readMachineSettings(store: Store): Promise<MachineSettings> {
  return (await readJson(store, KEY, machineSettingsSchema)) ?? defaultMachineSettings;
}

export function writeMachineSettings(store: Store, settings: MachineSettings): Promise<void> {
  return writeJson(store, KEY, settings);
}
