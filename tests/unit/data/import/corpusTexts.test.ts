// Proves that a corpus keeps its sentences' texts and offsets, even if its sources are moved, and returns them unchanged.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { SPLITS, type CorpusSentences } from '../../../../src/data/corpus/corpus.ts';
import type { CorpusTexts } from '../../../../src/data/documents/document.ts';
import { annotateSentences, documentsOfSentences } from '../../../../src/data/documents/documentSentences.ts';
import { readConll } from '../../../../src/data/rows/conll.ts';
import { writeDocuments } from '../../../../src/data/formats/writeDocuments.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import { readCorpusTexts } from '../../../../src/storage/corpusRecords.ts';
import { droppedBytes, droppedText } from '../../../fixtures/drops.ts';
import { closeLabs, openLab } from '../../../fixtures/labBench.ts';

afterEach(closeLabs);

const folder = 'tests/fixtures/corpora/pubtator/fen';
const fixture = () =>
  readdirSync(folder).map((name) => droppedBytes(`fen/${name}`, new Uint8Array(readFileSync(`${folder}/${name}`))));

/** The tokens of the texts, sentence by sentence. */
const tokensIn = (texts: CorpusTexts | null) =>
  SPLITS.map((split) =>
    texts?.[split].flatMap(({ text, sentences }) =>
      sentences.map((tokens) => tokens.map(({ start, end }) => text.slice(start, end))),
    ),
  );
const tokensOf = (sentences: CorpusSentences) => SPLITS.map((split) => sentences[split].map(({ tokens }) => tokens));

describe('the texts of a corpus', () => {
  it('say its sentences, before and after a source is moved, and go with it', async () => {
    const { lab, store } = await openLab();
    const [id = ''] = (await lab.importFiles(fixture())).corpusIds;
    const texts = await readCorpusTexts(store, id);
    expect(tokensIn(texts)).toEqual(tokensOf(await lab.readCorpus(id)));
    expect(
      texts?.train
        .concat(texts.devel, texts.test)
        .map((document) => document.id)
        .sort(),
    ).toEqual(['9001', '9002', '9003', '9004']);
    const [train] = lab.getState().corpora[0]?.sources ?? [];
    const moved = await lab.moveSource(id, train?.file ?? '', 'test');
    const after = await readCorpusTexts(store, moved);
    expect(tokensIn(after)).toEqual(tokensOf(await lab.readCorpus(moved)));
    expect(after?.train).toEqual([]);
    expect(after?.test).toHaveLength(3);
    expect(await readCorpusTexts(store, id)).toBeNull();
    await lab.removeCorpus(moved);
    expect(await store.keys('corpus/')).toEqual([]);
  });

  it('are none for rows of tokens, but whole where rows stand beside documents', async () => {
    const { lab, store } = await openLab();
    const rows = droppedText('moss/test.tsv', 'Moss\tB-Herb\nheals\tO\n\nReed\tO\n');
    const [alone = ''] = (await lab.importFiles([rows])).corpusIds;
    expect(await readCorpusTexts(store, alone)).toBeNull();
    const json = droppedText('moss/train.jsonl', '{"id":1,"text":"Eels hide."}\n{"id":1,"text":"Herons fish."}\n');
    const [mixed = ''] = (await lab.importFiles([rows, json])).corpusIds;
    const texts = await readCorpusTexts(store, mixed);
    expect(tokensIn(texts)).toEqual(tokensOf(await lab.readCorpus(mixed)));
    expect(SPLITS.flatMap((split) => texts?.[split].map((one) => one.id) ?? []).sort()).toEqual([
      '1',
      '1-2',
      'moss/test.tsv',
    ]);
  });

  it('do not enter its fingerprint', () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const fingerprints = [
      { path: 'train.tsv', bytes: bytes('Eels\tO\nhide\tO\n.\tO\n') },
      { path: 'train.jsonl', bytes: bytes('{"text":"Eels  hide.","label":[]}\n') },
    ].map((file) => assembleCorpora([file]).corpora[0]?.fingerprint);
    expect(fingerprints[0]).toBe(fingerprints[1]);
  });
});

describe('documentsOfSentences', () => {
  const sentences = ['Moss heals .', 'Eels hide', '🐦'].map((line) => ({ tokens: line.split(' ') }));

  it('joins tokens by spaces and numbers its documents', () => {
    expect(documentsOfSentences(sentences, 'fen-test', 2)).toEqual([
      {
        id: 'fen-test-1',
        text: 'Moss heals .\nEels hide',
        sentences: [
          [
            { start: 0, end: 4 },
            { start: 5, end: 10 },
            { start: 11, end: 12 },
          ],
          [
            { start: 13, end: 17 },
            { start: 18, end: 22 },
          ],
        ],
      },
      { id: 'fen-test-2', text: '🐦', sentences: [[{ start: 0, end: 2 }]] },
    ]);
    expect(documentsOfSentences(sentences, 'fen').map(({ id }) => id)).toEqual(['fen']);
    expect(documentsOfSentences([], 'fen', 2)).toEqual([]);
  });
});

const shared = fileURLToPath(new URL('../../../../../shared/corpora/BC5CDR-IOB/test.tsv', import.meta.url));
const isHere = existsSync(shared);
if (!isHere) console.warn(`Skipped: no corpus at ${shared}.`);

it.skipIf(!isHere)(
  'a public corpus written as BRAT and dropped as a folder has the same mentions',
  { timeout: 60_000 },
  async () => {
    const { sentences } = readConll(new Uint8Array(readFileSync(shared)), 'test.tsv');
    const documents = documentsOfSentences(sentences, 'BC5CDR-test', 10).map((document, at) =>
      annotateSentences(
        document,
        sentences.slice(10 * at, 10 * at + 10).map(({ mentions }) => mentions),
      ),
    );
    const files = writeDocuments('BRAT', documents);
    expect(files).toHaveLength(2 * documents.length);
    const { lab, store } = await openLab();
    const drop = files.map(({ path, bytes }) => droppedBytes(`BC5CDR/test/${path}`, bytes));
    const [id = ''] = (await lab.importFiles(drop)).corpusIds;
    const read = await lab.readCorpus(id);
    const spelled = (all: CorpusSentences['test']) =>
      all.flatMap(({ tokens, mentions }) =>
        mentions.map(({ type, start, end }) => `${type}: ${tokens.slice(start, end).join('')}`),
      );
    // Files are in the order of their names, 10 before 2.
    expect(spelled(read.test).sort()).toEqual(spelled(sentences).sort());
    expect(spelled(sentences).length).toBeGreaterThan(9000);
    expect((await readCorpusTexts(store, id))?.test.map(({ text }) => text).sort()).toEqual(
      documents.map(({ text }) => text).sort(),
    );
  },
);
