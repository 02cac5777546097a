// Tells whether what comes with the lab may still be on its way into the library.
import type { LabState } from './labState.ts';

/** The model is installed once the backend has started; jobs are what is being installed or imported now. */
export function isInstalling({ opened, backend, jobs }: LabState): boolean {
  return !opened || backend.status === 'starting' || jobs.length > 0;
}
