// Cuts words into pieces of a vocabulary: Unigram, as SentencePiece does, WordPiece, and byte-level BPE.
import * as z from '../../util/zod.ts';
import { LabError } from '../../util/labError.ts';
import { bytePairs, bytePairSchema } from './bytePairs.ts';
import type { Piece, PieceModel } from './piece.ts';
import { wordModelSchema } from './wordTokenizer.ts';

/** Files of early versions leave the type out: only Unigram has a list of pieces. */
function withType(model: unknown): unknown {
  if (typeof model !== 'object' || model === null || 'type' in model) return model;
  const isList = 'vocab' in model && Array.isArray(model.vocab);
  if (isList) return { ...model, type: 'Unigram' };
  if ('merges' in model) return { ...model, type: 'BPE' };
  return 'max_input_chars_per_word' in model ? { ...model, type: 'WordPiece' } : model;
}

const typedModelSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('Unigram'),
    unk_id: z.int().check(z.gte(0)),
    vocab: z.array(z.tuple([z.string(), z.number()])).check(z.minLength(1)),
    byte_fallback: z._default(z.boolean(), false),
  }),
  z.looseObject({
    type: z.literal('WordPiece'),
    unk_token: z.string(),
    continuing_subword_prefix: z._default(z.string(), '##'),
    max_input_chars_per_word: z._default(z.int().check(z.gte(0)), 100),
    vocab: z.record(z.string(), z.int().check(z.gte(0))),
  }),
  bytePairSchema,
  wordModelSchema,
]);
export const pieceModelSchema = z.pipe(z.transform(withType), typedModelSchema);
type ModelData = Exclude<z.infer<typeof typedModelSchema>, { type: 'Words' }>;

/** Throws LabError `tokenizer/format` if the unknown piece is not among the pieces, or a merge has a piece that is not. */
export function readPieceModel(data: ModelData): PieceModel {
  if (data.type === 'BPE') return bytePairs(data);
  return data.type === 'Unigram' ? unigram(data) : wordPiece(data);
}

/** A character without a piece scores so much less than the worst piece. */
const UNKNOWN_PENALTY = 10;

function unigram(data: Extract<ModelData, { type: 'Unigram' }>): PieceModel {
  const { vocab, unk_id: unknown, byte_fallback: hasBytes } = data;
  if (unknown >= vocab.length) throw noUnknown(`number ${unknown} of ${vocab.length}`);
  const ids = new Map(vocab.map(([piece], id) => [piece, id]));
  const trie = new TextTrie(ids);
  const scores = Float64Array.from(vocab, ([, score]) => score);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;

  /** Finds the best cut: for each end, the id and start of the last piece of the best cut up to there. */
  const bestCut = (word: string): { readonly bestIds: Int32Array; readonly starts: Int32Array } => {
    const bestIds = new Int32Array(word.length + 1);
    const starts = new Int32Array(word.length + 1).fill(-1);
    const best = new Float64Array(word.length + 1);
    const offer = (start: number, end: number, id: number, score: number): void => {
      if (starts[end] !== -1 && score <= (best[end] as number)) return;
      best[end] = score;
      starts[end] = start;
      bestIds[end] = id;
    };
    for (let start = 0; start < word.length;) {
      const next = start + ((word.codePointAt(start) as number) > 0xffff ? 2 : 1);
      let hasSingle = false;
      for (let node = 0, end = start; end < word.length;) {
        node = trie.child(node, word.charCodeAt(end++));
        if (node < 0) break;
        const id = trie.idAt(node);
        if (id < 0) continue;
        offer(start, end, id, (scores[id] as number) + (best[start] as number));
        if (end === next) hasSingle = true;
      }
      if (!hasSingle) offer(start, next, unknown, unknownScore + (best[start] as number));
      start = next;
    }
    return { bestIds, starts };
  };

  const encode = (word: string): readonly Piece[] => {
    const { bestIds, starts } = bestCut(word);
    const cuts: { id: number; start: number; end: number }[] = [];
    for (let end = word.length; end > 0; end = starts[end] as number) {
      const cut = { id: bestIds[end] as number, start: starts[end] as number, end };
      const after = cuts.at(-1);
      // Consecutive unknown characters are one piece.
      if (cut.id === unknown && after?.id === unknown) after.start = cut.start;
      else cuts.push(cut);
    }
    return cuts.reverse().flatMap(({ start, end }) => {
      const text = word.slice(start, end);
      const id = ids.get(text);
      if (id !== undefined) return [{ id, text }];
      return (hasBytes ? bytePieces(text, ids) : null) ?? [{ id: unknown, text }];
    });
  };
  return { encode, idOf: (piece) => ids.get(piece), size: ids.size, largestId: vocab.length - 1 };
}

/** The pieces of a text's bytes; null if the vocabulary lacks one. */
function bytePieces(text: string, ids: ReadonlyMap<string, number>): readonly Piece[] | null {
  const pieces: Piece[] = [];
  for (const byte of new TextEncoder().encode(text)) {
    const id = ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
    if (id === undefined) return null;
    pieces.push({ id, text: '' });
  }
  return pieces.map((piece, index) => (index < pieces.length - 1 ? piece : { ...piece, text }));
}

/** Texts with their ids, found by walking from UTF-16 unit to unit. */
export class TextTrie {
  /** Node after a node and a unit, by `node * 65536 + unit`. */
  private readonly children = new Map<number, number>();
  private readonly ids: number[] = [-1];

  constructor(texts: ReadonlyMap<string, number>) {
    for (const [text, id] of texts) {
      let node = 0;
      for (let index = 0; index < text.length; index++) {
        const key = node * 0x10000 + text.charCodeAt(index);
        const known = this.children.get(key);
        node = known ?? this.ids.length;
        if (known !== undefined) continue;
        this.children.set(key, node);
        this.ids.push(-1);
      }
      if (text !== '') this.ids[node] = id;
    }
  }

  /** Returns -1 where no text continues. */
  child(node: number, unit: number): number {
    return this.children.get(node * 0x10000 + unit) ?? -1;
  }

  /** Returns the id of the text that ends at a node; -1 if none does. */
  idAt(node: number): number {
    return this.ids[node] ?? -1;
  }
}

function wordPiece(data: Extract<ModelData, { type: 'WordPiece' }>): PieceModel {
  const { continuing_subword_prefix: prefix, max_input_chars_per_word: longestWord } = data;
  const ids = new Map(Object.entries(data.vocab));
  const unknown = ids.get(data.unk_token);
  if (unknown === undefined) throw noUnknown(data.unk_token);
  const [longestPiece, largestId] = [...ids].reduce(
    ([longest, largest], [piece, id]) => [Math.max(longest, piece.length), Math.max(largest, id)],
    [0, 0],
  );
  const encode = (word: string): readonly Piece[] => {
    const whole = [{ id: unknown, text: word }];
    const characters = Array.from(word);
    if (characters.length > longestWord) return whole;
    const pieces: Piece[] = [];
    for (let start = 0; start < characters.length;) {
      let found: Piece | null = null;
      let end = Math.min(characters.length, start + longestPiece);
      for (; end > start && found === null; end--) {
        const text = characters.slice(start, end).join('');
        const id = ids.get(start > 0 ? prefix + text : text);
        if (id !== undefined) found = { id, text };
      }
      if (found === null) return whole;
      pieces.push(found);
      start = end + 1;
    }
    return pieces;
  };
  return { encode, idOf: (piece) => ids.get(piece), size: ids.size, largestId };
}

function noUnknown(got: string): LabError {
  return new LabError('tokenizer/format', 'tokenizer.json has no piece for unknown text.', {
    expected: 'an unknown piece that is in the vocabulary',
    got,
  });
}
