// Proves that the characters of the BMP and 10,000 drawn strings (a quarter of both in the short form) give the normalized text, words and ids of Hugging Face's tokenizers, for each normalizer and both families.
import { decompress } from 'fzstd';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readNormalizer } from '../../../../src/data/pieces/normalizer.ts';
import { readPreTokenizer } from '../../../../src/data/pieces/preTokenizer.ts';
import { readTokenizer } from '../../../../src/data/pieces/tokenizer.ts';
import { tokenizerFileOf } from '../../../../src/data/pieces/tokenizerFile.ts';
import { crc32 } from '../../../../src/util/digest.ts';
import { fewerUnlessLong } from '../../../fixtures/longForm.ts';

interface Reference {
  readonly name: string;
  readonly config?: Readonly<Record<string, unknown>>;
  /** The spiece.model; without one it is a vocab.txt, or a tokenizer.json without its vocabulary. */
  readonly model?: string;
  readonly tokenizer?: { readonly model: { readonly type: string } };
  /** Digests of what each 256 characters and each 250 strings become. */
  readonly characters: readonly string[];
  readonly strings: readonly string[];
}

type DrawnLists = Readonly<Record<'words' | 'marks' | 'spaces' | 'joined', readonly string[]>>;
interface Fixture {
  readonly drawn: DrawnLists & {
    readonly ranges: readonly (readonly [number, number])[];
    readonly count: number;
    readonly seed: number;
    readonly block: number;
    readonly group: number;
  };
  readonly sizes: Readonly<Record<string, number>>;
  readonly vocabulary: readonly string[];
  readonly unigram: unknown;
  readonly references: readonly Reference[];
}

const root = new URL('../../../..', import.meta.url);
const bytesOf = (path: string) => new Uint8Array(readFileSync(new URL(path, root)));
const textBytes = (text: string) => new TextEncoder().encode(text);
const fixture = JSON.parse(new TextDecoder().decode(bytesOf('tests/fixtures/pieces/pieces.json'))) as Fixture;
const { drawn } = fixture;

function spieceModels(): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const packed = decompress(bytesOf('tests/fixtures/pieces/spiece.models.zst'));
  const models = new Map([['nmt_nfkc', bytesOf('public/models/xlnet-bio-tiny/spiece.model')]]);
  let start = 0;
  for (const [name, size] of Object.entries(fixture.sizes)) models.set(name, packed.slice(start, (start += size)));
  return models;
}
const models = spieceModels();

/** Draws as make_pieces.py does. */
function drawnStrings(): string[][] {
  let state = drawn.seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % limit;
  };
  const lists = [drawn.words, drawn.marks, drawn.spaces, drawn.joined];
  const part = (): string => {
    const kind = below(8);
    if (kind === 0) {
      const code = below(0x10000);
      return String.fromCodePoint(code >= 0xd800 && code <= 0xdfff ? code - 0x800 : code);
    }
    if (kind === 1) return String.fromCodePoint(0x10000 + below(0x20000));
    if (kind === 2) return String.fromCodePoint(0x20 + below(0x5f));
    if (kind === 3) {
      const [low, high] = drawn.ranges[below(drawn.ranges.length)] as readonly [number, number];
      return String.fromCodePoint(low + below(high - low));
    }
    const known = lists[kind - 4] as readonly string[];
    return known[below(known.length)] as string;
  };
  const string = (): string => Array.from({ length: 1 + below(8) }, part).join('');
  return Array.from({ length: drawn.count / drawn.group }, () => Array.from({ length: drawn.group }, string));
}

const strings = drawnStrings();
const characters = Array.from({ length: 0x10000 / drawn.block }, (_, block) =>
  Array.from({ length: drawn.block }, (_, offset) => block * drawn.block + offset)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code)),
);

/** The tokenizer.json of a reference, made here as at import. */
function tokenizerOf({ model, tokenizer, config }: Reference): Uint8Array {
  const settings = textBytes(JSON.stringify(config ?? {}));
  if (model !== undefined) {
    return tokenizerFileOf({ name: 'spiece.model', bytes: models.get(model) as Uint8Array<ArrayBuffer> }, settings);
  }
  const vocabulary = { name: 'vocab.txt', bytes: textBytes(fixture.vocabulary.map((piece) => `${piece}\n`).join('')) };
  if (tokenizer === undefined) return tokenizerFileOf(vocabulary, settings);
  const wordPiece = {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(fixture.vocabulary.map((piece, id) => [piece, id])),
  };
  return textBytes(
    JSON.stringify({ ...tokenizer, model: tokenizer.model.type === 'Unigram' ? fixture.unigram : wordPiece }),
  );
}

const table: Record<string, { characters: number; strings: number }> = {};

describe.each(fixture.references)('$name', (reference) => {
  const file = tokenizerOf(reference);
  const content = JSON.parse(new TextDecoder().decode(file)) as { normalizer: unknown; pre_tokenizer: unknown };
  const tokenizer = readTokenizer(file, textBytes(JSON.stringify(reference.config ?? {})), { lowerCase: false });
  const normalize = readNormalizer(content.normalizer);
  const split = readPreTokenizer(content.pre_tokenizer);
  const described = (text: string): string => {
    const normalized = normalize(text);
    const words = split([{ text: normalized, isFirst: true }]).map((word) => word.text);
    return [normalized, words.join('\u0002'), tokenizer.encodeToken(text).join(' ')].join('\u0001');
  };
  const digest = (texts: readonly string[]): string =>
    crc32(textBytes(texts.map(described).join('\u0003')))
      .toString(16)
      .padStart(8, '0');
  /** First texts of the groups that differ. */
  const differing = (groups: readonly (readonly string[])[], expected: readonly string[]): string[] =>
    fewerUnlessLong([...groups.entries()], 4).flatMap(([index, texts]) =>
      digest(texts) === expected[index] ? [] : [JSON.stringify(texts[0])],
    );

  it('has no differing block of characters', () => {
    const found = differing(characters, reference.characters);
    table[reference.name] = { characters: found.length, strings: NaN };
    expect(found).toEqual([]);
  }, 120_000);

  it('has no differing group of strings', () => {
    const found = differing(strings, reference.strings);
    table[reference.name] = { characters: table[reference.name]?.characters ?? NaN, strings: found.length };
    expect(found).toEqual([]);
  }, 120_000);
});

afterAll(() => {
  // A block has 256 characters, a group 250 strings.
  console.info('Differing blocks of the BMP and groups of strings:');
  console.table(table);
});
