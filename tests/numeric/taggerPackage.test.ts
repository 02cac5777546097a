// Proves that the package bioner-tagger finds what the lab finds, from source and as npm installs it, and says what is wrong with what it is given.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTaggerPackage } from '../../scripts/package/taggerPackage.ts';
import { openNodeTagger } from '../../scripts/tagger/nodeTagging.ts';
import type { AnnotatedMention } from '../../src/data/documents/document.ts';
import { documentOfText } from '../../src/data/documents/documentSentences.ts';
import { writeArchive } from '../../src/data/import/archive.ts';
import { memory } from '../../src/storage/store.ts';
import { open, TaggerError } from '../../src/tagger/bionerTagger.ts';
import type { TaggedDocument } from '../../src/tagger/taggerTypes.ts';
import { importModel } from '../../src/training/importModel.ts';
import { tagDocuments } from '../../src/training/tagSentences.ts';
import { drain, neverAborted } from '../../src/util/clock.ts';
import { bertFolder } from '../fixtures/bertFolders.ts';
import { inventedAbstracts, shippedTaggerFiles } from '../fixtures/inventedAbstracts.ts';
import { exportedFiles, lastSnapshot, trainedTagger } from '../fixtures/trainedTagger.ts';

const run = promisify(execFile);
const files = shippedTaggerFiles();
const texts = [...inventedAbstracts(100)].map(({ id, title, text }) => ({ id, text: `${title} ${text}` }));
const folder = mkdtempSync(path.join(os.tmpdir(), 'tagger-package-'));
const modelFolder = path.join(folder, 'model');
/** Mentions of each text as the lab's training server finds them. */
let expected: readonly (readonly AnnotatedMention[])[] = [];
let server: Server;
let address = '';

beforeAll(async () => {
  mkdirSync(modelFolder);
  for (const [name, bytes] of files) writeFileSync(path.join(modelFolder, name), bytes);
  const store = memory();
  const stored = await importModel(store, 'shipped', false, [...files].map(([name, bytes]) => ({ name, bytes }))); // prettier-ignore
  const lab = await openNodeTagger(store, { kind: 'model', modelId: stored.id });
  const documents = texts.map(({ id, text }) => documentOfText(id, text));
  expected = await drain(tagDocuments(documents, lab.tagger, neverAborted));
  lab.dispose();
  server = createServer(({ url = '' }, response) => {
    const bytes = files.get(url.replace('/tagger/', ''));
    if (bytes !== undefined) return response.end(bytes);
    response.writeHead(404).end('not here');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function all(tagged: AsyncIterable<TaggedDocument>): Promise<TaggedDocument[]> {
  const found: TaggedDocument[] = [];
  for await (const one of tagged) found.push(one);
  return found;
}

/** Types and offsets exactly; probabilities up to rounding. */
function expectSame(found: readonly TaggedDocument[]): void {
  expect(found.map(({ id, text }) => ({ id, text }))).toEqual(texts);
  const spans = (mentions: readonly { type: string; start: number; end: number }[]) => mentions.map(({ type, start, end }) => [type, start, end]); // prettier-ignore
  expect(found.map(({ mentions }) => spans(mentions))).toEqual(expected.map(spans));
  const differences = found.flatMap(({ mentions }, index) =>
    mentions.map(({ probability }, at) => Math.abs(probability - (expected[index]?.[at]?.confidence ?? NaN))),
  );
  expect(differences.length).toBeGreaterThan(500);
  expect(Math.max(...differences)).toBeLessThan(1e-5);
}

describe('bioner-tagger', () => {
  it.each([
    ['a folder on disk, one thread', () => modelFolder, 1],
    ['an address, two threads', () => `${address}/tagger`, 2],
  ] as const)('tags 100 documents as the lab does, opened from %s', async (_what, source, threads) => {
    const phases = new Set<string>();
    const tagger = await open(source(), { threads, onProgress: ({ phase }) => phases.add(phase) });
    expect(tagger).toMatchObject({ backend: 'wasm', types: ['Chemical', 'Disease', 'Gene', 'Species'] });
    expect(tagger.device).toMatch(threads === 1 ? /^1 thread / : /^2 threads /);
    expect(phases.has('starting')).toBe(true);
    const found = await all(tagger.tag(texts));
    expectSame(found);
    for (const { text, mentions } of found) {
      for (const mention of mentions) expect(text.slice(mention.start, mention.end)).toBe(mention.text);
    }
    tagger.close();
    await expect(tagger.tag(['x']).next()).rejects.toMatchObject({ code: 'tagger/closed' });
  });

  it('gives documents in order from a stream, in small blocks, and to two callers at once', async () => {
    const zip = writeArchive([...files].map(([name, bytes]) => ({ path: `any/${name}`, bytes })));
    const tagger = await open(zip, { threads: 1 });
    async function* stream() {
      for (const { text } of texts.slice(0, 20)) yield await Promise.resolve(text);
    }
    const [one, other] = await Promise.all([
      all(tagger.tag(stream(), { sentencesAtOnce: 1 })),
      all(tagger.tag(texts.slice(0, 20))),
    ]);
    expect(one.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => `${index + 1}`));
    const spans = ({ mentions }: TaggedDocument) => mentions.map(({ type, start, end }) => [type, start, end]);
    expect(one.map(spans)).toEqual(other.map(spans));
    expect(await all(tagger.tag(['', ' \n', 'BRCA1']))).toMatchObject([{ mentions: [] }, { mentions: [] }, { text: 'BRCA1' }]); // prettier-ignore
    const abort = new AbortController();
    const stopped = tagger.tag(texts, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(stopped.next()).rejects.toThrow('enough');
    await expect(all(tagger.tag('one text' as unknown as string[]))).rejects.toMatchObject({ code: 'tagger/text' });
    for (const wrong of [3, null, undefined, {}, { id: 5, text: 'BRCA1' }]) {
      await expect(all(tagger.tag([wrong as unknown as string]))).rejects.toMatchObject({ code: 'tagger/text' });
    }
    await expect(all(tagger.tag({} as unknown as string[]))).rejects.toMatchObject({ code: 'tagger/text' });
    tagger.close();
  });

  it('opens what the lab exports, in 32 and in 16 bits', async () => {
    const trained = await trainedTagger(bertFolder('safetensors'), { labelMode: 'first', specials: 'cls-sep' });
    for (const precision of ['F32', 'F16'] as const) {
      const exported = await exportedFiles(trained.store, { tagger: lastSnapshot(trained), precision });
      const tagger = await open(new Map(exported.map(({ name, bytes }) => [name, bytes])), { threads: 1 });
      expect(tagger.types).toEqual(['Disease']);
      expect(await all(tagger.tag(['The moss shows stem rot.']))).toHaveLength(1);
      tagger.close();
    }
  });

  it('says what is wrong', async () => {
    const without = new Map([...files].filter(([name]) => name !== 'tokenizer.json'));
    await expect(open(without)).rejects.toThrow('The tagger lacks tokenizer.json.');
    await expect(open(without)).rejects.toBeInstanceOf(TaggerError);
    await expect(open(`${address}/nothing`)).rejects.toMatchObject({ code: 'tagger/fetch' });
    await expect(open(`${address}/nothing.zip`)).rejects.toThrow(/Got nothing \(404\)/);
    await expect(open(path.join(folder, 'no such folder'))).rejects.toMatchObject({ code: 'tagger/source' });
    await expect(open(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ code: 'tagger/source' });
    await expect(open(3 as unknown as string)).rejects.toThrow('Expected an address, a path');
    const page = new TextEncoder().encode('<!doctype html><title>Not found</title>');
    await expect(open(new Map([...files, ['config.json', page]]))).rejects.toMatchObject({ code: 'model/placeholder' });
    await expect(open(modelFolder, { backend: 'webgpu' })).rejects.toMatchObject({ code: 'backend/unavailable' });
    await expect(open(modelFolder, { signal: AbortSignal.abort(new Error('not now')) })).rejects.toThrow('not now');
    const late = new AbortController();
    const opening = open(modelFolder, { signal: late.signal, onProgress: ({ phase }) => void (phase === 'starting' && late.abort(new Error('too late'))) }); // prettier-ignore
    await expect(opening).rejects.toThrow('too late');
    for (const options of [
      { backend: 'WASM' },
      { threads: 0 },
      { threads: 1.5 },
      { threads: '2' },
      { gpu: {} },
      null,
    ]) {
      await expect(open(modelFolder, options as never)).rejects.toMatchObject({ code: 'tagger/options' });
    }
  });
});

describe('the package as npm installs it', () => {
  it('tags the same in an empty project, is small, needs no other package, and has its types', async () => {
    const built = path.join(folder, 'built');
    const { files: written } = await writeTaggerPackage(built);
    // Once more into its own folder, and never into one of somebody else's.
    await writeTaggerPackage(built);
    const own = path.join(folder, 'own');
    mkdirSync(path.join(own, 'node_modules'), { recursive: true });
    writeFileSync(path.join(own, 'package.json'), '{"name":"mine"}');
    await expect(writeTaggerPackage(own)).rejects.toMatchObject({ code: 'tagger/folder' });
    expect(readdirSync(own).sort()).toEqual(['node_modules', 'package.json']);
    const packed = await run('npm', ['pack', built, '--pack-destination', folder, '--silent'], { cwd: folder });
    const project = path.join(folder, 'project');
    mkdirSync(project);
    writeFileSync(path.join(project, 'package.json'), '{ "type": "module", "private": true }');
    const tarball = path.join(folder, packed.stdout.trim());
    await run('npm', ['install', tarball, '--offline', '--no-audit', '--no-fund', '--silent'], { cwd: project });
    writeFileSync(path.join(project, 'texts.json'), JSON.stringify(texts));
    writeFileSync(
      path.join(project, 'tag.js'),
      `import { readFileSync } from 'node:fs';
      import { open } from 'bioner-tagger';
      const tagger = await open(process.argv[2], { threads: 2 });
      const found = [];
      for await (const document of tagger.tag(JSON.parse(readFileSync('texts.json', 'utf8')))) found.push(document);
      tagger.close();
      console.log(JSON.stringify(found));`,
    );
    const { stdout, stderr } = await run(process.execPath, ['tag.js', modelFolder], {
      cwd: project,
      maxBuffer: 2 ** 26,
    });
    expect(stderr).toBe('');
    expectSame(JSON.parse(stdout) as TaggedDocument[]);
    const sizeOf = (name: string): number => written.find((file) => file.name === name)?.sizeBytes ?? Infinity;
    expect(sizeOf('index.js')).toBeLessThan(560_000);
    expect(written.map(({ name }) => name).sort()).toEqual(['LICENSE', 'README.md', 'THIRD_PARTY.md', 'index.d.ts', 'index.js', 'package.json']); // prettier-ignore

    const user = path.join(project, 'user.ts');
    writeFileSync(
      user,
      `import { open, type TaggedMention } from 'bioner-tagger';
      const found: TaggedMention[] = [];
      const tagger = await open('x', { backend: 'wasm' });
      for await (const { mentions } of tagger.tag(['x'])) found.push(...mentions);
      const wrong: number = found[0]!.text;
      export { wrong };`,
    );
    const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022, strict: true, noEmit: true, skipLibCheck: false, types: [] }; // prettier-ignore
    const problems = ts.getPreEmitDiagnostics(ts.createProgram([user], options));
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual(["Type 'string' is not assignable to type 'number'."]); // prettier-ignore
  });
});
