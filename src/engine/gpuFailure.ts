// What WebGPU says went wrong, as an error of the lab: memory, a fault of the driver, or work that should never have been asked for.
import { LabError } from '../util/labError.ts';
import type { DeviceHealth } from './device.ts';

const TOO_LITTLE = 'The GPU has no memory left for this run';

/**
 * `gpu/memory` for an out-of-memory error, `gpu/internal` for a fault of driver or browser, else `gpu/error`: invalid work, which would be
 * refused again. `code`: WGSL to show with it.
 */
export function gpuFailure(error: GPUError, code: string | null = null): LabError {
  if (error instanceof GPUOutOfMemoryError) return new LabError('gpu/memory', `${TOO_LITTLE}: ${error.message}`);
  if (error instanceof GPUInternalError)
    return new LabError('gpu/internal', `The GPU failed at work: ${error.message}`);
  return new LabError('gpu/error', `The GPU refused work: ${error.message}${code === null ? '' : `\n${code}`}`);
}

/** Engines say in their own words that an allocation failed: V8, Firefox, WebKit, and Emscripten for wasm. */
const OUT_OF_MEMORY =
  /array buffer allocation failed|out of memory|\boom\b|allocation size overflow|invalid typed array length|cannot enlarge memory/i;

/** What a device is given to say what happened, once work on it failed: it may come after the refusal that it led to. */
const SAYING_MS = 200;
const LOOK_EVERY_MS = 20;

/**
 * What made work on a device fail with `error`: what the device itself said, or `memory/full` where the thread could not allocate, else
 * the error as it came. Errors of the lab that speak of something else stay what they are.
 */
export async function underlyingFailure(error: unknown, health: DeviceHealth): Promise<unknown> {
  if (error instanceof LabError && !error.code.startsWith('gpu/')) return error;
  for (let waitedMs = 0; waitedMs < SAYING_MS && health.failure === null; waitedMs += LOOK_EVERY_MS) {
    await new Promise<void>((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  if (health.failure !== null) return health.failure;
  if (error instanceof LabError || !(error instanceof Error) || !OUT_OF_MEMORY.test(error.message)) return error;
  return new LabError('memory/full', `There is no memory left for this run: ${error.message}`, { cause: error });
}
