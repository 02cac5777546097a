// Proves that inputs which once threw, hung or lost something are now read or refused correctly.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { fileNames } from '../../../../src/data/documents/document.ts';
import { readBiocXml } from '../../../../src/data/formats/bioc.ts';
import { readBrat } from '../../../../src/data/formats/brat.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';
import { splitCells } from '../../../../src/data/rows/rowCells.ts';
import { turned } from '../../../../src/model/weights/safetensors.ts';
import { bytesOf, checkIssues, fuzzTimeoutMs } from '../../../fixtures/fuzzing.ts';

const home = path.join(import.meta.dirname, '../../../fixtures/fuzz');

it.each(readdirSync(home))('%s keeps its sound document and names the other', (name) => {
  const { documents, issues, issueCount } = readDocuments([
    { path: name, bytes: new Uint8Array(readFileSync(path.join(home, name))) },
  ]);
  checkIssues(issues, issueCount);
  expect(documents.map(({ mentions }) => mentions.length)).toEqual([1]);
  expect(issues.filter(({ severity }) => severity === 'error')).toHaveLength(1);
});

it(
  'long rows, names and mentions take time linear in them',
  () => {
    const spaces = ' '.repeat(2_000_000);
    expect(splitCells(` a${spaces}b `, 'space')).toEqual(['a', 'b']);
    expect(fileNames([`a${spaces}b`, '. .', 'x. '])).toEqual(['a', 'document', 'x']);
    const text = 'moss '.repeat(40_000);
    const label = Array.from({ length: 10_000 }, (_, at) => ({
      start: at,
      end: text.length,
      label: 'X',
      text: `fen${at}`,
    }));
    const { documents } = readDocuments([
      { path: 'train.jsonl', bytes: bytesOf(JSON.stringify({ text, spans: label })) },
    ]);
    expect(documents).toEqual([]);
  },
  fuzzTimeoutMs,
);

it('more annotations than a call has arguments are taken in', () => {
  const mention = '<annotation id="T"><infon key="type">X</infon><location offset="0" length="4"/></annotation>';
  const sentence = `<sentence><offset>0</offset><text>moss</text>${mention.repeat(130_000)}</sentence>`;
  const xml = `<collection><document><id>a</id><passage><offset>0</offset>${sentence}</passage></document></collection>`;
  expect(readBiocXml({ path: 'a.xml', bytes: bytesOf(xml) }).documents[0]?.mentions).toHaveLength(1);
}, fuzzTimeoutMs); // prettier-ignore

it('a BRAT mention longer than a row of CoNLL is not lost', () => {
  const text = 'moss '.repeat(20_000).trim();
  const { documents } = readBrat([
    { path: 'a.txt', bytes: bytesOf(text) },
    { path: 'a.ann', bytes: bytesOf(`T1\tX 0 ${text.length}\t${text}\n`) },
  ]);
  expect(documents[0]?.mentions).toHaveLength(1);
});

it('a kernel of three axes keeps them, so that its shape is refused', () => {
  const shape = [2, 3, 4];
  expect(turned({ dtype: 'F32', shape, read: () => new Float32Array(24) }).shape).toEqual(shape);
});
