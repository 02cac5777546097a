// `npm run parity -- DIR [--backend cpu|wasm|webgpu]`: compares the lab's tagger with a Hugging Face reference folder.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { BackendName } from '../src/wire/trainingProtocol.ts';
import { engineMisfit } from '../src/engine/network/computeOptions.ts';
import { startBackend } from '../src/engine/start/startBackend.ts';
import { encoderConfig } from '../src/model/families/encoderConfig.ts';
import { LabError } from '../src/util/labError.ts';
import { nodePlatform } from '../workers/nodePlatform.ts';
import { compareEngine } from './parity/compareEngine.ts';
import { compareWithReference } from './parity/compareWithReference.ts';

const USAGE = 'usage: npm run parity -- DIR [--backend cpu|wasm|webgpu]';
const BACKENDS: readonly string[] = ['cpu', 'wasm', 'webgpu'];

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { backend: { type: 'string', default: 'wasm' } },
  });
  const [folder] = positionals;
  if (folder === undefined || positionals.length !== 1 || !BACKENDS.includes(values.backend)) {
    console.error(USAGE);
    return 2;
  }
  const backend = await startBackend(values.backend as BackendName, nodePlatform);
  const bytes = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await readFile(path.join(folder, name)));
  const text = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');
  const files = {
    configJson: await text('config.json'),
    weights: await bytes('model.safetensors'),
    caseJson: await text('case.json'),
    caseTensors: await bytes('case.safetensors'),
  };
  const rows = [...(await compareWithReference(files))];
  const home = backend.gpu ?? backend.processor;
  const misfit = home && engineMisfit(encoderConfig(JSON.parse(files.configJson)));
  if (home !== null && misfit === null) {
    const engineRows = await compareEngine(files, home);
    rows.push(...engineRows.map((row) => ({ ...row, name: `engine: ${row.name}` })));
  }
  console.log(`${folder} on ${backend.name} (${backend.device})`);
  if (misfit !== null) console.log(`  The engine is not compared: ${misfit}.`);
  console.log('  absolute   relative');
  for (const { name, absolute, relative, passed } of rows) {
    console.log(`  ${absolute.toExponential(2)}   ${relative.toExponential(2)}  ${passed ? '' : 'FAILED '}${name}`);
  }
  const failed = rows.filter(({ passed }) => !passed).length;
  console.log(failed === 0 ? `all ${rows.length} quantities agree` : `${failed} of ${rows.length} quantities differ`);
  return failed === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof LabError ? LabError.describe(LabError.toData(error)) : String(error));
    process.exit(2);
  },
);
