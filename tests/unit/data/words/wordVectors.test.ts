// Proves that word vectors are read as they were written, however the stream is cut, only those that are wanted, and that damage is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWordVectors } from '../../../../src/data/words/wordVectors.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { fuzz, fuzzTimeoutMs, mutatedBytes, pick } from '../../../fixtures/fuzzing.ts';
import {
  fastTextBinary,
  fileInChunks,
  packed,
  readAll,
  textVectors,
  word2vecBinary,
  type FastTextModel,
  type Table,
} from '../../../fixtures/vectorFiles.ts';

const word = fc.stringMatching(/^[a-zA-Zéβ0-9,.\-()]{1,12}$/);
// Text has no negative zero.
const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }).map((value) => value + 0);
const table: fc.Arbitrary<Table> = fc.integer({ min: 2, max: 6 }).chain((dimensions) =>
  fc.uniqueArray(word, { minLength: 1, maxLength: 12 }).chain((words) =>
    fc
      .array(fc.array(float, { minLength: dimensions, maxLength: dimensions }), {
        minLength: words.length,
        maxLength: words.length,
      })
      .map((vectors) => words.map((one, index): Table[number] => [one, vectors[index] ?? []])),
  ),
);
const ends = fc.array(fc.nat(700), { maxLength: 25 });

const writers = {
  'word2vec binary': (rows: Table) => word2vecBinary(rows),
  'word2vec binary without line feeds': (rows: Table) => word2vecBinary(rows, false),
  'word2vec text': (rows: Table) => textVectors(rows, 'word2vec'),
  GloVe: (rows: Table) => textVectors(rows, 'GloVe'),
} as const;

const asFloats = (rows: Table): Map<string, Float32Array> =>
  new Map(rows.map(([one, vector]) => [one, Float32Array.from(vector)]));

describe.each(Object.entries(writers))('%s', (_, write) => {
  it('is read as it was written, whatever the chunks of the stream, packed or not', async () => {
    await fc.assert(
      fc.asyncProperty(table, ends, fc.boolean(), async (rows, cuts, isPacked) => {
        const bytes = write(rows);
        const read = await readAll(isPacked ? packed(bytes) : bytes, { words: rows.map(([one]) => one), ends: cuts });
        expect(read.vectors).toEqual(asFloats(rows));
        expect(read.fileWords).toBe(rows.length);
        expect(read.dimensions).toBe(rows[0]?.[1].length);
      }),
      { numRuns: 60 },
    );
  });

  it('gives the wanted words and the first ones, and nothing else', async () => {
    const rows: Table = [['the', [1, 2]], ['of', [3, 4]], ['ague', [5, 6]], ['brann', [7, 8]]]; // prettier-ignore
    const read = await readAll(write(rows), { words: ['brann', 'unseen'], first: 1 });
    expect([...read.vectors.keys()]).toEqual(['the', 'brann']);
    expect(read.fileWords).toBe(4);
  });

  it('is refused if it ends before its last number', async () => {
    const bytes = write([['ague', [1.25, -2.5]], ['of', [0.125, 3.0625]]]); // prettier-ignore
    // A text without counts is whole at the end of every line.
    const isCounted = write !== writers.GloVe;
    for (let end = 1; end < bytes.length - 8; end++) {
      const outcome = await readAll(bytes.slice(0, end), { words: ['ague', 'of'] }).catch((error: unknown) => error);
      if (isCounted) expect(outcome, `cut at ${end}`).toBeInstanceOf(LabError);
    }
  });
});

it('reads binary numbers whose bytes begin with a space and a line feed, and refuses text whose first line lacks numbers', async () => {
  // The bytes 20 0a 61 c1.
  const rows: Table = [['ague', [-14.064971923828125, 0, 0]], ['of', [1, 2, 3]]]; // prettier-ignore
  expect([...new Uint8Array(Float32Array.of(-14.064971923828125).buffer)].slice(0, 2)).toEqual([0x20, 0x0a]);
  expect((await readAll(word2vecBinary(rows), { words: ['ague', 'of'] })).vectors).toEqual(asFloats(rows));
  const numbers = (count: number): string => Array.from({ length: count }, (_, index) => ` ${index}.5`).join('');
  const cut = new TextEncoder().encode(`2 9\nague${numbers(8)}\nof${numbers(9)}\n`);
  await expect(readAll(cut, { words: ['ague'] })).rejects.toMatchObject({ code: 'vectors/damaged', got: expect.stringMatching(/^a line with 8 numbers/) }); // prettier-ignore
});

it('reads words of GloVe with spaces in them', async () => {
  const read = await readAll(new TextEncoder().encode('the 1 2 3\n. . . 4 5 6\n'), { words: ['. . .'] });
  expect([...read.vectors]).toEqual([['. . .', Float32Array.of(4, 5, 6)]]);
});

/** The rows of a word by fastText's definition, over the code points of `<word>` and with arithmetic in BigInt. */
function ngramsByDefinition(word: string, shortest: number, longest: number, buckets: number): number[] {
  const characters = [...`<${word}>`];
  const found: number[] = [];
  for (let start = 0; start < characters.length; start++) {
    for (let end = start + shortest; end <= Math.min(characters.length, start + longest); end++) {
      const ngram = characters.slice(start, end).join('');
      if (ngram === '<' || ngram === '>') continue;
      found.push(Number(fnv1a(ngram) % BigInt(buckets)));
    }
  }
  return found;
}

/** FNV-1a of 32 bits, each byte extended by its sign as a char of C is. */
function fnv1a(text: string): bigint {
  let hash = 2166136261n;
  for (const byte of new TextEncoder().encode(text)) {
    const extended = byte < 128 ? BigInt(byte) : BigInt(byte) + 0xffffff00n;
    hash = ((hash ^ extended) * 16777619n) & 0xffffffffn;
  }
  return hash;
}

const model: FastTextModel = {
  words: [['ague', [1, 2]], ['brann', [3, 4]], ['</s>', [5, 6]]], // prettier-ignore
  buckets: Array.from({ length: 37 }, (_, index) => [index / 8, -index]),
  shortest: 1,
  longest: 4,
};

describe('a fastText model', () => {
  it('is hashed as published FNV-1a numbers say', () => {
    expect([fnv1a('a'), fnv1a('foobar')]).toEqual([0xe40c292cn, 0xbf9cf968n]);
  });

  it('gives every word the mean of its row and of its n-grams', async () => {
    const expected = (text: string, own: readonly number[] | null): number[] => {
      const rows = ngramsByDefinition(text, model.shortest, model.longest, model.buckets.length).map(
        (row) => model.buckets[row] ?? [],
      );
      const all = own === null ? rows : [own, ...rows];
      return [0, 1].map((axis) => Math.fround(all.reduce((sum, row) => sum + (row[axis] ?? 0), 0) / all.length));
    };
    await fc.assert(
      fc.asyncProperty(ends, fc.boolean(), async (cuts, isPacked) => {
        const bytes = fastTextBinary(model);
        const read = await readAll(isPacked ? packed(bytes) : bytes, {
          words: ['ague', 'ägue', 'β-ague'],
          first: 2,
          ends: cuts,
        });
        expect(read.vectors.get('ague')).toEqual(Float32Array.from(expected('ague', [1, 2])));
        expect(read.vectors.get('brann')).toEqual(Float32Array.from(expected('brann', [3, 4])));
        expect([...read.composed.keys()]).toEqual(['ägue', 'β-ague']);
        for (const [text, vector] of read.composed) expect(vector).toEqual(Float32Array.from(expected(text, null)));
      }),
      { numRuns: 30 },
    );
  });

  it('without n-grams has no vectors for other words, and the end of sentence has none', async () => {
    const read = await readAll(fastTextBinary({ ...model, shortest: 0, longest: 0, buckets: [], labels: ['__label__x'] }), { words: ['ague', 'other'] }); // prettier-ignore
    expect([...read.vectors]).toEqual([['ague', Float32Array.of(1, 2)]]);
    expect(read.composed.size).toBe(0);
    const whole = await readAll(fastTextBinary(model), { words: ['</s>'] });
    expect(whole.vectors.get('</s>')).toEqual(Float32Array.of(5, 6));
  });

  it('is refused in another version, quantised, or cut', async () => {
    const bytes = fastTextBinary(model);
    await expect(readAll(fastTextBinary({ ...model, version: 13 }), { words: [] })).rejects.toMatchObject({
      code: 'vectors/format',
    });
    const quantised = bytes.slice();
    const dictionaryEnd = 64 + 28 + model.words.reduce((sum, [one]) => sum + one.length + 10, 0);
    quantised[dictionaryEnd] = 1;
    await expect(readAll(quantised, { words: [] })).rejects.toMatchObject({ code: 'vectors/format' });
    for (let end = 5; end < bytes.length - 17; end += 3) {
      await expect(readAll(bytes.slice(0, end), { words: ['ague'] }), `cut at ${end}`).rejects.toMatchObject({
        code: 'vectors/damaged',
      });
    }
  });
});

it('says what was expected, what came, and where', async () => {
  const text = new TextEncoder().encode('2 3\nague 1 2 3\nof 1 x 3\n');
  await expect(readAll(text, { words: ['of'] })).rejects.toMatchObject({
    code: 'vectors/damaged',
    expected: 'numbers in decimal digits',
    got: '“x” in the 2th vector, at byte 24',
  });
  await expect(readAll(new Uint8Array(), { words: [] })).rejects.toMatchObject({ got: 'an empty file, at byte 0' });
  const infinite = word2vecBinary([['ague', [Infinity, 0]]]);
  await expect(readAll(infinite, { words: ['ague'] })).rejects.toMatchObject({ expected: 'finite numbers' });
});

it(
  'refuses damaged files of every format with a LabError, or reads vectors of one width',
  { timeout: fuzzTimeoutMs },
  async () => {
    const rows: Table = [['the', [1, 2, 3]], ['ague', [-0.5, 0.25, 8]], ['Brann', [1e-3, 2e5, 0]]]; // prettier-ignore
    const files = [
      ...Object.values(writers).map((write) => write(rows)),
      fastTextBinary(model),
      packed(word2vecBinary(rows)),
    ];
    await fuzz('word vectors', 600, async (rng) => {
      const bytes = mutatedBytes(rng, pick(rng, files), files);
      const outcome = await readAll(bytes, { words: ['ague', 'Brann'], first: 2 }).catch((error: unknown) => error);
      if (outcome instanceof LabError) {
        expect(outcome.code).toMatch(/^vectors\//);
        return;
      }
      const { vectors, composed, dimensions } = outcome as Awaited<ReturnType<typeof readAll>>;
      for (const vector of [...vectors.values(), ...composed.values()]) {
        expect(vector.length).toBe(dimensions);
        expect(vector.every(Number.isFinite)).toBe(true);
      }
    });
  },
);

it('reports bytes, holds few of them, and stops when it is cancelled', async () => {
  const megabytes = 24;
  const line = new TextEncoder().encode(`w${' 0.125'.repeat(100)}\n`);
  const count = Math.ceil((megabytes * 2 ** 20) / line.length);
  const sizeBytes = count * line.length;
  let sent = 0;
  const chunk = new Uint8Array(line.length * 100);
  for (let at = 0; at < 100; at++) chunk.set(line, at * line.length);
  const file = {
    name: 'long.txt',
    sizeBytes,
    stream: () =>
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          if (sent >= count) controller.close();
          else controller.enqueue(chunk.slice());
          sent += 100;
        },
      }),
  };
  const abort = new AbortController();
  const reports: number[] = [];
  const reading = readWordVectors(file, { words: new Set(['w']), first: 0 }, abort.signal);
  await expect(
    (async () => {
      for await (const { doneBytes } of reading) if (reports.push(doneBytes) === 3) abort.abort();
    })(),
  ).rejects.toThrow();
  expect(reports.length).toBe(3);
  // The stream was left where reading stopped.
  expect(sent * line.length).toBeLessThan(sizeBytes);
  expect(fileInChunks('x', line).sizeBytes).toBe(line.length);
});
