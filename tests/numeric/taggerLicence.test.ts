// Proves that what is made of the shipped tagger carries its licence and attribution, and the notices of the libraries in its programs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedLicence } from '../../scripts/tagger/taggerCard.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import { open } from '../../src/tagger/bionerTagger.ts';
import { importModel } from '../../src/training/importModel.ts';
import type { TaggerExport } from '../../src/wire/trainingProtocol.ts';
import { bundledTaggerModule } from '../../workers/bundledModule.ts';
import { shippedTaggerFiles } from '../fixtures/inventedAbstracts.ts';
import { modelFolder } from '../fixtures/modelFolders.ts';
import { exportedFiles, lastSnapshot, trainedTagger } from '../fixtures/trainedTagger.ts';

const root = path.resolve(import.meta.dirname, '../..');
const home = mkdtempSync(path.join(os.tmpdir(), 'tagger-licence-'));
const shipped = path.join(home, 'shipped');
afterAll(() => rmSync(home, { recursive: true, force: true }));

const attribution = /CC BY 4\.0\..*NCBI-disease.*BC5CDR.*BC2GM.*LINNAEUS.*Crichton.*when you pass the weights on\./s;
const notice = /Permission is hereby granted, free of charge.*The above copyright notice and this permission notice/s;

/** The text as a reader of Markdown sees it. */
const shownIn = (markdown: string): string => markdown.replace(/\\(?=[^\w\s])/g, '');

function runTagger(...args: readonly string[]) {
  const command = ['--import', 'tsx', path.join(root, 'scripts/tagger.ts'), ...args];
  return spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
}

describe('the shipped tagger', () => {
  let store: Store;
  let modelId: string;
  beforeAll(async () => {
    store = memory();
    const files = [...shippedTaggerFiles()].map(([name, bytes]) => ({ name, bytes }));
    modelId = (await importModel(store, 'shipped', true, files)).id;
  });

  it('states its licence in config.json, as its card does', () => {
    const config: unknown = JSON.parse(new TextDecoder().decode(shippedTaggerFiles().get('config.json')));
    expect(config).toMatchObject({ licence: shippedLicence });
  });

  it.each([
    ['for transformers', { precision: 'F32' }],
    ['as ONNX', { precision: 'F32', onnx: 'int8' }],
  ] as const)('has it in the README and the config.json of its export %s', async (_, form) => {
    const request: TaggerExport = { tagger: { kind: 'model', modelId }, ...form };
    const files = new Map((await exportedFiles(store, request)).map(({ name, bytes }) => [name, bytes]));
    const textOf = (name: string) => new TextDecoder().decode(files.get(name));
    expect(shownIn(textOf('README.md'))).toMatch(attribution);
    expect(textOf('README.md')).not.toContain('is not known here');
    expect(JSON.parse(textOf('config.json'))).toMatchObject({ licence: shippedLicence });
  });
});

it('another tagger says, as before, that nothing is known', async () => {
  const trained = await trainedTagger(modelFolder('f16'));
  const files = await exportedFiles(trained.store, { tagger: lastSnapshot(trained), precision: 'F32' });
  const card = new TextDecoder().decode(files.find(({ name }) => name === 'README.md')?.bytes);
  expect(card).toContain('The licence of the pretrained model is not known here');
});

it('a tagger that was trained from weights with a licence passes it on', async () => {
  const withLicence = modelFolder('f16').map(({ name, bytes }) => {
    if (name !== 'config.json') return { name, bytes };
    const config = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return { name, bytes: new TextEncoder().encode(JSON.stringify({ ...config, licence: shippedLicence })) };
  });
  const trained = await trainedTagger(withLicence);
  const files = await exportedFiles(trained.store, { tagger: lastSnapshot(trained), precision: 'F32' });
  const card = new TextDecoder().decode(files.find(({ name }) => name === 'README.md')?.bytes);
  expect(shownIn(card)).toMatch(attribution);
});

it('tag.js has the notices of the libraries in it', async () => {
  expect(await bundledTaggerModule()).toMatch(/zod \d[\d.]+\n\nMIT License/);
  expect(await bundledTaggerModule()).toMatch(notice);
});

describe('npm run tagger', () => {
  beforeAll(() => {
    const { status, stderr } = runTagger('--shipped', shipped);
    expect(status, stderr).toBe(0);
  });

  it('writes the shipped tagger as a folder that opens, and as a page with its licence and the notices', async () => {
    expect(readdirSync(shipped).sort()).toEqual(['README.md', ...shippedTaggerFiles().keys()].sort());
    expect(readFileSync(path.join(shipped, 'README.md'), 'utf8')).toContain('CC BY 4.0');
    const tagger = await open(shipped, { backend: 'wasm', threads: 1 });
    expect(tagger.types).toEqual(['Chemical', 'Disease', 'Gene', 'Species']);
    tagger.close();
    const page = runTagger('--page', shipped);
    expect(page.status, page.stderr).toBe(0);
    const html = readFileSync(`${shipped}.html`, 'utf8');
    expect(/<footer>.*<\/footer>/s.exec(html)?.[0]).toMatch(attribution);
    expect(html).toMatch(notice);
    for (const name of ['zod', 'fflate']) expect(html).toMatch(new RegExp(`\\n${name} \\d[\\d.]+\\n\\nMIT License`));
  });

  it('prints its usage for --help, and beside what is wrong with arguments', () => {
    expect(runTagger('--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^usage: .*--shipped/s) as string, stderr: '' }); // prettier-ignore
    expect(runTagger('--pages')).toMatchObject({ status: 2, stderr: expect.stringContaining('usage: ') as string });
  });

  it.each([
    ['a folder that is not there', path.join(home, 'none', 'tagger.html')],
    ['a folder', home],
  ])('says in one line that a page cannot be written to %s', (_, file) => {
    const { status, stderr } = runTagger('--page', shipped, '--out', file);
    expect(stderr).toMatch(/^The page cannot be written to .* Expected a file in a folder that is there\. Got .*\n$/);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(status).toBe(2);
  });
});
