// Finds a software adapter with f16 and matrix units beside the project, and how Node is started to use it.
import { existsSync } from 'node:fs';
import path from 'node:path';

/** A program with its first arguments, and what it needs in its environment. */
export interface AdapterStart {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Where `installHalfAdapter` puts one; removed with the packages of the project. */
export const ownAdapterFolder = 'node_modules/.cache/lavapipe';
/** Mesa's lavapipe with the libraries it was built for, among them the loader that Node is started with; or another folder of that form. */
const folders = [process.env['HALF_ADAPTER'], '../shared/engine-probes/lavapipe/adapter', ownAdapterFolder];

/** Whether such an adapter is of use: not where the caller chose a device. */
export function wantsHalfAdapter(): boolean {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  return process.platform === 'linux' && VK_ICD_FILENAMES === undefined && VK_DRIVER_FILES === undefined;
}

/** Null where no such adapter is found or wanted. */
export function halfAdapter(root: string): AdapterStart | null {
  if (!wantsHalfAdapter()) return null;
  for (const folder of folders) {
    if (folder === undefined) continue;
    const [driver, libraries] = [path.resolve(root, folder, 'icd.json'), path.resolve(root, folder, 'lib')];
    const program = path.join(libraries, 'ld-linux-x86-64.so.2');
    if (!existsSync(driver) || !existsSync(program)) continue;
    return {
      program,
      args: ['--library-path', libraries, process.execPath],
      // Most of its time goes into compiling kernels that run once: they are compiled without LLVM's passes.
      env: {
        VK_ICD_FILENAMES: driver,
        GALLIVM_PERF: 'nopt',
        MESA_SHADER_CACHE_DIR: path.resolve(root, folder, 'cache'),
      },
    };
  }
  return null;
}
