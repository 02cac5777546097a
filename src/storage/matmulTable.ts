// What tuning found on this machine, in a store: for each adapter, browser and precision a table of matrix products.
import type { Precision } from '../schema/machineSettings.ts';
import { matmulTableSchema, type MatmulTable } from '../schema/matmulTable.ts';
import { fingerprint } from '../util/fingerprint.ts';
import { readJson, writeJson } from './records.ts';
import type { Store } from './store.ts';

/** What a table of products holds for: an adapter under a browser (both in words) and a precision. */
export interface TunedFor {
  readonly adapter: string;
  readonly browser: string;
  readonly precision: Precision;
}

/** What tuning found, or undefined before there was any. Throws LabError `storage/corrupt`. */
export function readMatmulTable(store: Store, tunedFor: TunedFor): Promise<MatmulTable | undefined> {
  return readJson(store, tableKey(tunedFor), matmulTableSchema);
}

export function writeMatmulTable(store: Store, tunedFor: TunedFor, table: MatmulTable): Promise<void> {
  return writeJson(store, tableKey(tunedFor), table);
}

function tableKey({ adapter, browser, precision }: TunedFor): string {
  return `machine/${fingerprint([adapter, browser, precision]).slice(0, 16)}/products`;
}
