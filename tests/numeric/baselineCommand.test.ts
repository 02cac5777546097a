// Proves that bioner baseline writes a model folder from a built-in corpus and a packed file of vectors, says what they cover, and refuses wrong input.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { baselineCommand } from '../../headless/baselineCommand.ts';
import { memory } from '../../src/storage/store.ts';
import { importModel } from '../../src/training/importModel.ts';
import { connect, portWire } from '../../src/wire/port.ts';
import type { RunEvent, ServerCalls } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { createTrainingServer } from '../../workers/trainingServer.ts';
import { packed, textVectors } from '../fixtures/vectorFiles.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'baseline-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(
  ...args: string[]
): Promise<{ readonly code: number; readonly output: string; readonly errors: string }> {
  let [output, errors] = ['', ''];
  const code = await baselineCommand(args, {
    output: { write: (text) => void (output += text) },
    errors: { write: (text) => void (errors += text) },
    interrupt: new AbortController().signal,
    openServer(store) {
      const { port1, port2 } = new MessageChannel();
      createTrainingServer({ store, wire: portWire(port2), platform: nodePlatform });
      return connect<ServerCalls, RunEvent>(portWire(port1));
    },
  });
  return { code, output, errors };
}

const corpus = 'sample-disease-a';

it('writes a folder that is the model it names', async () => {
  const vectors = path.join(folder, 'small.txt.gz');
  await writeFile(vectors, packed(textVectors([['the', [1, 2]], ['of', [3, 4]], ['zzz', [5, 6]]], 'GloVe'))); // prettier-ignore
  const made = await run('crichton', '--corpus', corpus, '--vectors', vectors, '--out', folder, '--name', 'windows', '--first-words', '0'); // prettier-ignore
  expect(made).toMatchObject({ code: 0, errors: '' });
  expect(made.output).toMatch(/small\.txt\.gz: GloVe text, 3 words of 2 dimensions; of the tokens [\d.]+ % as spelled/);
  const names = await readdir(path.join(folder, 'windows'));
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: new Uint8Array(await readFile(path.join(folder, 'windows', name))) })),
  );
  const record = await importModel(memory(), 'again', false, files);
  expect(made.output).toContain(`fingerprint ${record.fingerprint}`);
  expect(record).toMatchObject({ family: 'window-cnn', layers: 2, hiddenSize: 1200 });
});

it('says what is wrong', async () => {
  expect(await run('word2vec', '--corpus', corpus, '--out', folder)).toMatchObject({ code: 2 });
  expect((await run('lample', '--out', folder)).errors).toContain('--corpus NAME');
  expect((await run('lample', '--corpus', 'nowhere', '--out', folder)).errors).toContain('nowhere');
  const cut = path.join(folder, 'cut.bin');
  await writeFile(cut, '3 2\nthe 1 2\n');
  const damaged = await run('lample', '--corpus', corpus, '--vectors', cut, '--out', folder);
  expect(damaged.code).not.toBe(0);
  expect(damaged.errors).toContain('cut.bin is damaged');
  expect((await run('lample', '--corpus', corpus, '--vectors', path.join(folder, 'none'), '--out', folder)).errors).toContain('cannot be read'); // prettier-ignore
});
