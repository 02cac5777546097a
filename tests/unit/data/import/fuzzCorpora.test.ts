// Proves that corpora corrupted in any way give valid documents and bounded issues, and that the files around them are read in full.
import { describe, expect, it } from 'vitest';
import { SPLITS } from '../../../../src/data/corpus/corpus.ts';
import type { AnnotatedDocument } from '../../../../src/data/documents/document.ts';
import { decodeText } from '../../../../src/data/rows/decodeText.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import { detectFormat } from '../../../../src/data/import/detectFormat.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';
import type { NamedFile } from '../../../../src/util/namedFile.ts';
import type { Rng } from '../../../../src/util/random.ts';
import { corpusFormats, drawCorpus, type CorpusFormatName } from '../../../fixtures/fuzzedCorpora.ts';
import {
  bytesOf,
  checkIssues,
  checkPrototypes,
  fuzz,
  fuzzTimeoutMs,
  joinedBytes,
  mutatedBytes,
  mutatedJson,
  pick,
} from '../../../fixtures/fuzzing.ts';

/** Text with a meaning in one format and another meaning elsewhere. */
const snippets = [
  ...['\t', '\n\n', '\r', '\r\n', '\0', '\ufeff', ' '.repeat(3000), '|t|', '|a|', '-DOCSTART-', '# ', '\tB-', '\tI-X'],
  ...['T1\tX 0 5;9 12\tab', '</text>', '<document>', '<![CDATA[', '&amp;', '<!DOCTYPE a [<!ENTITY b "bb">]>', '&b;'],
  ...['[[[[', ']}', '{"text":', '"__proto__":', '\\ud800', '1e999', '\t-1\t99999999999999999999\tx\tY', '🪲', '\u0301'],
].map(bytesOf);

/** Checks everything that writers and trainers assume of a document. */
function checkDocument({ text, sentences, mentions }: AnnotatedDocument): void {
  let end = 0;
  const starts = new Set<number>();
  const ends = new Set<number>();
  for (const tokens of sentences) {
    expect(tokens.length).toBeGreaterThan(0);
    for (const token of tokens) {
      if (token.start < end || token.end <= token.start || token.end > text.length) expect(token).toBe('in order');
      end = token.end;
      starts.add(token.start);
      ends.add(token.end);
    }
  }
  let last = 0;
  for (const mention of mentions) {
    const isSound = mention.start >= last && starts.has(mention.start) && ends.has(mention.end) && mention.type !== '';
    if (!isSound) expect(mention).toBe('made of whole tokens, apart from others');
    last = mention.end;
  }
}

function checkReadings(files: readonly NamedFile[]): void {
  const reading = readDocuments(files);
  checkIssues(reading.issues, reading.issueCount);
  reading.documents.forEach(checkDocument);
  expect(new Set(reading.documents.map(({ id }) => id)).size).toBe(reading.documents.length);
  const { corpora, refused } = assembleCorpora(files);
  for (const { issues, issueCount } of [...corpora, ...refused]) checkIssues(issues, issueCount);
  for (const { sentences, counts } of corpora) {
    for (const split of SPLITS) {
      expect(counts[split].sentences).toBe(sentences[split].length);
      for (const { tokens, mentions } of sentences[split]) {
        if (mentions.some(({ start, end }) => start >= end || end > tokens.length)) expect(mentions).toBe('inside');
        if (tokens.length === 0 || tokens.includes('')) expect(tokens).toBe('not empty');
      }
    }
  }
  checkPrototypes();
}

/** The files with one of them corrupted: byte by byte, or its JSON member by member. */
function broken(rng: Rng, files: readonly NamedFile[]): NamedFile[] {
  const victim = rng.integer(files.length);
  return files.map((file, index) => {
    if (index !== victim) return file;
    const isJson = /\.jsonl?$/.test(file.path);
    return { ...file, bytes: isJson && rng.integer(2) === 0 ? brokenJson(rng, file) : mutatedBytes(rng, file.bytes, snippets) }; // prettier-ignore
  });
}

function brokenJson(rng: Rng, { path, bytes }: NamedFile): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(bytes);
  if (path.endsWith('.json')) return bytesOf(JSON.stringify(mutatedJson(rng, JSON.parse(text))));
  const lines = text.trim().split('\n');
  const line = rng.integer(lines.length);
  lines[line] = JSON.stringify(mutatedJson(rng, JSON.parse(lines[line] ?? '')));
  return bytesOf(lines.join('\n'));
}

/** The documents from the files of `name`, for comparison. */
function documentsOf(files: readonly NamedFile[], name: string): readonly AnnotatedDocument[] {
  return readDocuments(files).documents.filter(({ id }) => id.startsWith(name));
}

describe.each(corpusFormats)('%s', (format: CorpusFormatName) => {
  it('drawn whole, is read whole', async () => {
    await fuzz(`${format} whole`, 3, (rng) => {
      const { documents, issueCount } = readDocuments(drawCorpus(rng, format, 'fen'));
      expect(issueCount).toBe(0);
      expect(documents.length).toBeGreaterThan(0);
    });
  });

  it(
    'broken, gives sound documents and issues',
    () => fuzz(`${format} broken`, 40, (rng) => checkReadings(broken(rng, drawCorpus(rng, format, 'fen')))),
    fuzzTimeoutMs,
  );

  it(
    'is read in full where it is the other file that is broken',
    () =>
      fuzz(`${format} beside`, 8, (rng) => {
        const whole = drawCorpus(rng, format, 'aa-moss');
        const other = broken(rng, drawCorpus(rng, pick(rng, corpusFormats), 'zz-rot'));
        const expected = documentsOf(whole, 'aa-moss');
        expect(expected.length).toBeGreaterThan(0);
        expect(documentsOf([...whole, ...other], 'aa-moss')).toEqual(expected);
      }),
    fuzzTimeoutMs,
  );
});

describe('a CoNLL file', () => {
  const sentence = (word: string) => `${word}\tO\ncauses\tO\nleaf\tB-Disease\nrot\tI-Disease\n\n`;

  it(
    'loses the broken sentence alone',
    () =>
      fuzz('one sentence', 200, (rng) => {
        const bad = mutatedBytes(rng, bytesOf('moss\tO\nrot\tB-Disease\n'), [bytesOf('\tX'), bytesOf('\t\t')]);
        const whole = ['one', 'two', 'three'].map(sentence).join('');
        const bytes = joinedBytes([bytesOf(whole), bad, bytesOf(`\n\n${whole}`)]);
        if (bad.includes(0)) return;
        const { documents } = readDocuments([{ path: 'a-train.tsv', bytes }]);
        const firsts = documents.flatMap(({ text, sentences }) =>
          sentences.map((tokens) => text.slice(tokens[0]?.start, tokens[0]?.end)),
        );
        expect(firsts.slice(0, 3)).toEqual(['one', 'two', 'three']);
        expect(firsts.slice(-3)).toEqual(['one', 'two', 'three']);
      }),
    fuzzTimeoutMs,
  );
});

describe('any bytes', () => {
  it(
    'are told apart and cut into lines without an exception, whatever they are called',
    () =>
      fuzz('any bytes', 150, (rng) => {
        const seed = joinedBytes(Array.from({ length: rng.integer(6) }, () => pick(rng, snippets)));
        const bytes = mutatedBytes(rng, joinedBytes([seed, Uint8Array.from({ length: rng.integer(60) }, () => rng.integer(256))]), snippets); // prettier-ignore
        const { lines, faults } = decodeText(bytes);
        for (const line of faults.keys()) expect(lines[line - 1]).toBe('');
        const path = pick(rng, ['a', 'train.tsv', 'x/a.ann', 'a.xml', 'a.json', 'a.jsonl', 'a.txt', 'a.pubtator', '', '__proto__', 'dataset_info.json']); // prettier-ignore
        detectFormat(path, bytes);
        checkReadings([{ path, bytes }]);
      }),
    fuzzTimeoutMs,
  );
});
