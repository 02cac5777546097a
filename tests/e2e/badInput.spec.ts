// Proves that broken corpora, models and results are reported with reasons and locations, and that nothing else is lost.
import { expect, type Locator, type Page } from '@playwright/test';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fingerprint } from '../../src/util/digest.ts';
import { finishedResult } from '../fixtures/finishedResult.ts';
import { planFile } from '../fixtures/records.ts';
import { dropPaths, notices, openLab, rowsOf, visit, waitUntilReady } from './labActions.ts';
import { test } from './labPage.ts';

const builtInModel = path.resolve('public/models/xlnet-bio-tiny');

/** A sentence of three rows with one mention; `word` makes it its own. */
const good = (word: string): string => `${word}\tO\nhas\tO\nmould\tB-Disease\n\n`;
const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

/** Files of which nothing can be used, and what the notice says of them. */
const hopeless: readonly (readonly [folder: string, content: Buffer, told: RegExp])[] = [
  ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 1, 2, 3]), /train\.tsv: The file is binary, not text/],
  ['empty', Buffer.alloc(0), /train\.tsv: The file has no sentences/],
  ['prose', bytesOf('Onlyprose\nwithout\ncolumns\n'), /train\.tsv, line 1: Rows have one column/],
  ['untagged', bytesOf('the\tDT\nmoss\tNN\n'), /train\.tsv, line 1: None of the 2 columns holds tags/],
  ['longest', bytesOf(`${'x'.repeat(10 * 2 ** 20)}\n`), /train\.tsv, line 1: 1 lines are too long or not UTF-8/],
];

/** Files with two good sentences around something wrong, and the issue with its line. */
const halfBroken: readonly (readonly [
  folder: string,
  wrong: Buffer,
  severity: string,
  line: number,
  message: RegExp,
])[] = [
  ['columns', bytesOf('one\tO\ntwo\tO\textra\n\n'), 'error', 6, /Expected 2 columns, got 3/],
  ['tags', bytesOf('one\tO\ntwo\tQ-Disease\n\n'), 'error', 6, /Unknown tag "Q-Disease"/],
  ['long', bytesOf(`one\tO\n${'x'.repeat(10 * 2 ** 20)}\tO\n\n`), 'error', 6, /Longer than 65536 characters/],
  ['latin1', Buffer.from([0x6e, 0x61, 0xef, 0x76, 0x65, 0x09, 0x4f, 0x0a, 0x0a]), 'error', 5, /Not UTF-8/],
  // An S between B and I tags: IOBES begins here.
  ['mixed', bytesOf('one\tU-Disease\ntwo\tS-Disease\n\n'), 'warning', 6, /Tags of .* are mixed/],
];

test('each broken corpus file is told with file and line, and good sentences and other corpora stay', async ({
  page,
}, info) => {
  const root = info.outputPath('attic');
  for (const [folder, content] of hopeless) await write(path.join(root, folder, 'train.tsv'), content);
  for (const [folder, wrong] of halfBroken) {
    const around = [bytesOf(good(`${folder}1`)), wrong, bytesOf(good(`${folder}2`))];
    await write(path.join(root, folder, 'train.tsv'), Buffer.concat(around));
  }
  await write(path.join(root, 'whole', 'train.tsv'), bytesOf(good('whole')));
  const before = info.outputPath('earlier');
  await write(path.join(before, 'train.tsv'), bytesOf(good('earlier')));

  await openLab(page);
  await visit(page, 'Corpora');
  await dropPaths(page, before);
  await expect(page.getByRole('heading', { level: 1, name: 'earlier' })).toBeVisible();
  await dropPaths(page, root);
  await expect(page.getByRole('heading', { level: 1, name: 'Corpora' })).toBeVisible({ timeout: 30_000 });

  await test.step('what holds no sentence is refused with the reason', async () => {
    for (const [folder, , told] of hopeless) {
      const notice = notices(page)
        .getByRole('paragraph')
        .filter({ hasText: `${folder} has no usable sentence.` });
      await expect(notice).toHaveText(told);
    }
  });

  await test.step('what holds good sentences is kept, and the others are as they were', async () => {
    const rows = await rowsOf(page.getByRole('table', { name: 'Corpora' }));
    const sentences = new Map(rows.map(([name = '', train]) => [name, train]));
    expect(sentences.get('earlier')).toBe('1');
    expect(sentences.get('whole')).toBe('1');
    for (const [folder] of hopeless) expect(sentences.has(folder)).toBe(false);
    for (const [folder, , severity] of halfBroken) expect(sentences.get(folder)).toBe(severity === 'error' ? '2' : '3');
    expect([...sentences.keys()].filter((name) => name.startsWith('sample-'))).toHaveLength(8);
  });

  for (const [folder, , severity, line, message] of halfBroken) {
    await test.step(`the issue of ${folder} has its place`, async () => {
      await visit(page, 'Corpora');
      await page.getByRole('table', { name: 'Corpora' }).getByRole('link', { name: folder, exact: true }).click();
      const issue = page.getByRole('table', { name: 'Issues' }).getByRole('row').filter({ hasText: message });
      await expect(issue.getByRole('cell').nth(0)).toHaveText(severity);
      await expect(issue.getByRole('cell').nth(1)).toHaveText(`attic/${folder}/train.tsv:${line}`);
      await expect(page.getByRole('list', { name: 'Sentences' })).toContainText(`${folder}1 has mouldDisease`);
      await expect(page.getByRole('list', { name: 'Sentences' })).toContainText(`${folder}2 has mouldDisease`);
    });
  }
});

test('a broken model folder is refused with what was expected and what came', async ({ page }, info) => {
  const [config, weights, tokenizer] = await Promise.all(
    ['config.json', 'model.safetensors', 'tokenizer.json'].map((name) => readFile(path.join(builtInModel, name))),
  );
  if (config === undefined || weights === undefined || tokenizer === undefined) throw new Error('No model to break.');
  const whole = { 'config.json': config, 'model.safetensors': weights, 'tokenizer.json': tokenizer };
  const wider = bytesOf(config.toString().replace('"d_inner": 512', '"d_inner": 96'));
  const lacking = withoutTensor(weights, 'transformer.layer.2.rel_attn.q');
  const broken: readonly (readonly [folder: string, files: Readonly<Record<string, Buffer>>, told: RegExp])[] = [
    ['lacking', { ...whole, 'model.safetensors': lacking }, /lack 1 of the encoder's tensors.*layer\.2\.rel_attn\.q/],
    ['truncated', { ...whole, 'model.safetensors': weights.subarray(0, 4e6) }, /may be truncated.*Got bytes/],
    [
      'beheaded',
      { ...whole, 'model.safetensors': weights.subarray(0, 99) },
      /not a safetensors file, or it is truncated/,
    ],
    [
      'wider',
      { ...whole, 'config.json': wider },
      /does not fit config\.json.*Expected shape \[96, 128\].*Got \[512, 128\]/,
    ],
    [
      'foreign',
      { ...whole, 'config.json': bytesOf('{"model_type":"albert"}') },
      /another family, ALBERT: the lab trains XLNet, BERT.*Got "albert"/,
    ],
    ['garbled', { ...whole, 'config.json': bytesOf('{"model_type":') }, /config\.json is not JSON/],
    [
      'wordless',
      { 'config.json': config, 'model.safetensors': weights },
      /Got model\.safetensors without tokenizer\.json/,
    ],
  ];
  await openLab(page);
  await visit(page, 'Models');
  for (const [folder, files, told] of broken) {
    await test.step(folder, async () => {
      const root = info.outputPath(folder);
      for (const [name, content] of Object.entries(files)) await write(path.join(root, name), content);
      await dropPaths(page, root);
      const notice = notices(page)
        .getByRole('paragraph')
        .filter({ hasText: `The model ${folder} was refused` });
      await expect(notice).toHaveText(told);
    });
  }
  await expect(modelNames(page)).toHaveText([/^xlnet-bio-tiny/]);

  await test.step('a whole folder is taken in all the same, and the one that was there is left alone', async () => {
    const copy = info.outputPath('copy');
    await cp(builtInModel, copy, { recursive: true });
    await dropPaths(page, copy);
    await expect(notices(page)).toContainText('The model copy is already here as xlnet-bio-tiny.');
    await expect(modelNames(page)).toHaveText([/^xlnet-bio-tiny\s*built-in$/]);
    for (const [name, content] of Object.entries(whole)) await write(info.outputPath('bare', name), content);
    await dropPaths(page, info.outputPath('bare'));
    await expect(modelNames(page)).toHaveText(['bare', /^xlnet-bio-tiny/]);
    await visit(page, 'New');
    await waitUntilReady(page);
  });
});

test('a changed, newer, damaged or foreign result file is refused with the reason', async ({ page }, info) => {
  const result = finishedResult();
  const text = JSON.stringify(result, null, 2);
  const members = { ...result, version: 3, futureMember: true };
  const { runs: _runs, checksum: _checksum, ...headless } = result;
  const refused: readonly (readonly [file: string, text: string, told: RegExp])[] = [
    [
      'tampered',
      text.replace(/"f1": \d\d/, '"f1": 99'),
      /tampered\.json was refused: The result file was changed after it was/,
    ],
    ['newer', JSON.stringify(members), /by a later version of the lab\. Expected version 2 or earlier\. Got version 3/],
    ['cut', text.slice(0, text.length / 2), /cut\.json was refused: This file is not JSON\. Expected a result file/],
    ['runless', JSON.stringify(resealed(headless)), /runless\.json was refused: The result file is not valid at runs/],
    [
      'foreign',
      '{"format": "something else"}',
      /Left out, because neither corpus, model, plan nor result: foreign\.json/,
    ],
    ['newerPlan', JSON.stringify({ ...planFile(), version: 9 }), /newerPlan\.json was refused: .*later version/],
  ];
  await openLab(page);
  await visit(page, 'Experiments');
  for (const [name, content, told] of refused) {
    await test.step(name, async () => {
      expect(content).not.toBe(text);
      const file = info.outputPath(`${name}.json`);
      await write(file, bytesOf(content));
      await dropPaths(page, file);
      await expect(notices(page).getByRole('paragraph').last()).toHaveText(told);
    });
  }
  await expect(page.getByRole('table', { name: 'Result files', exact: true })).toBeHidden();

  await test.step('the file as it was written is taken in', async () => {
    await write(info.outputPath('whole.json'), bytesOf(text));
    await dropPaths(page, info.outputPath('whole.json'));
    await expect(page.getByRole('heading', { level: 1, name: 'moss · all types' })).toBeVisible();
  });
});

async function write(file: string, content: Buffer): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** Without the shipped tagger, which the page New installs in its own time. */
function modelNames(page: Page): Locator {
  const names = page.getByRole('table', { name: 'Models', exact: true }).getByRole('rowheader');
  return names.filter({ hasNotText: 'four-types' });
}

/** A result file that carries a fitting checksum, whatever its members. */
function resealed(members: object): object {
  return { ...members, checksum: fingerprint(members) };
}

/** A safetensors file without one of its tensors and its bytes. */
function withoutTensor(file: Buffer, name: string): Buffer {
  const headerBytes = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + headerBytes).toString()) as Record<
    string,
    { readonly data_offsets?: readonly [number, number] }
  >;
  const gone = header[name]?.data_offsets;
  if (gone === undefined) throw new Error(`The weights have no tensor ${name}.`);
  delete header[name];
  const moved = (at: number): number => (at >= gone[1] ? at - (gone[1] - gone[0]) : at);
  for (const [other, entry] of Object.entries(header)) {
    if (entry.data_offsets === undefined) continue;
    const [start, end] = entry.data_offsets;
    header[other] = { ...entry, data_offsets: [moved(start), moved(end)] };
  }
  const shorter = bytesOf(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(shorter.length));
  const data = file.subarray(8 + headerBytes);
  return Buffer.concat([length, shorter, data.subarray(0, gone[0]), data.subarray(gone[1])]);
}
