// Splits tokens into pieces of SentencePiece, WordPiece or byte-level BPE, with a Hugging Face tokenizer.json, or takes them as words.
import { LabError } from '../../util/labError.ts';
import { readNormalizer, type Normalizer } from './normalizer.ts';
import {
  byteText,
  CACHE_LIMIT,
  readPieceModel,
  visibleBytes,
  wordTokenizer,
  type Piece,
  type PieceTokenizer,
} from './pieceModels.ts';
import { addedTokenFinders, isByteLevel, readPreTokenizer } from './preTokenizer.ts';
import {
  readTokenizerConfig,
  refuseUnknownSettings,
  settledAddedTokens,
  settledNormalizer,
  settledPreTokenizer,
  tokenizerFileSchema,
  tokenizerJson,
} from './tokenizerSettings.ts';

const bracketed = { unk: '[UNK]', sep: '[SEP]', cls: '[CLS]', pad: '[PAD]' } as const;
/** Specials under the names of the families with each kind of model: XLNet and DeBERTa-v3, BERT and ELECTRA, RoBERTa and ModernBERT. */
const usualSpecials = {
  Unigram: [{ unk: '<unk>', sep: '<sep>', cls: '<cls>', pad: '<pad>' }, bracketed],
  WordPiece: [bracketed],
  BPE: [{ unk: '<unk>', sep: '</s>', cls: '<s>', pad: '<pad>' }, bracketed],
} as const;
/** Pieces of a token that is cached. */
const LONGEST_CACHED = 200;

/**
 * Reads a tokenizer from the bytes of `tokenizer.json` and, if present, `tokenizer_config.json`, whose settings are obeyed or refused.
 * Ids are those of Hugging Face's tokenizers, all steps of which are done here.
 *
 * XLNet's tokenizer.json lists the released code's `preprocess_text` (white space collapsed, doubled quotes merged, accents
 * stripped) as its normalizer and pre-tokenizer, so nothing is repeated here; the lower-casing, which comes last there, is
 * `lowerCase` (a cased tokenizer.json has none). One of its rules is missing in Hugging Face's fast tokenizers and so also here:
 * `encode_pieces` re-encodes a piece ending in a digit and a comma without the comma.
 *
 * Throws LabError `tokenizer/json`, `tokenizer/format`, `tokenizer/setting` or `tokenizer/special`. Encoding throws
 * `tokenizer/growth` or `tokenizer/long-text` where a step would need too much memory or time.
 */
export function readTokenizer(
  tokenizerFile: Uint8Array,
  configFile: Uint8Array | null,
  { lowerCase }: { readonly lowerCase: boolean },
): PieceTokenizer {
  const content = tokenizerJson('tokenizer.json', tokenizerFile, tokenizerFileSchema);
  if (content.model.type === 'Words') return wordTokenizer(content.model, { lowerCase });
  const config = readTokenizerConfig(configFile);
  const model = readPieceModel(content.model);
  const added = settledAddedTokens(content, config, model);
  refuseUnknownSettings(config, added);
  const normalizeByFile = readNormalizer(settledNormalizer(content, config));
  // Lower-casing can leave what the normalizer removes, such as the dot of İ.
  const normalize: Normalizer = lowerCase
    ? (text) => normalizeByFile(normalizeByFile(text).toLowerCase())
    : normalizeByFile;
  const preTokenizer = settledPreTokenizer(content, config);
  const split = readPreTokenizer(preTokenizer);
  const isOfBytes = content.model.type === 'BPE';
  if (isOfBytes && !isByteLevel(preTokenizer)) throw notByteLevel();
  const { inText, inNormalized } = addedTokenFinders(added, normalize, config.split_special_tokens ?? false);

  const idOf = (name: string): number | undefined =>
    added.find((token) => token.content === name)?.id ?? model.idOf(name);
  const special = (name: string): number => {
    const id = idOf(name);
    if (id !== undefined) return id;
    throw new LabError('tokenizer/special', `tokenizer.json has no piece ${name}.`, {
      expected: name,
      got: 'no such piece',
    });
  };
  const usuals = usualSpecials[content.model.type];
  const usual = usuals.find(({ cls }) => idOf(cls) !== undefined) ?? usuals[0];
  const specials = {
    unk: special(config.unk_token ?? usual.unk),
    sep: special(config.sep_token ?? usual.sep),
    cls: special(config.cls_token ?? usual.cls),
    pad: special(config.pad_token ?? usual.pad),
  };
  const vocabularySize = added.reduce((largest, { id }) => Math.max(largest, id), model.largestId) + 1;

  /** A text in the letters of pieces. */
  const surface = (text: string): string => (isOfBytes ? byteText(text) : text);
  const seen = isOfBytes ? visibleBytes : visible;
  const encode = (text: string): readonly Piece[] =>
    inText(text).flatMap(({ id, text: section }, index): readonly Piece[] => {
      if (id !== null) return [{ id, text: surface(normalize(section)) }];
      return inNormalized(normalize(section)).flatMap((part, partIndex): readonly Piece[] => {
        if (part.id !== null) return [{ id: part.id, text: surface(part.text) }];
        const isFirst = index === 0 && partIndex === 0;
        return split([{ text: part.text, isFirst }]).flatMap((word) => model.encode(word.text));
      });
    });

  const unknown = [specials.unk];
  const cache = new Map<string, readonly number[]>();
  const encodeToken = (token: string): readonly number[] => {
    const known = cache.get(token);
    if (known !== undefined) return known;
    // In byte-level BPE a word has the space before it, as it had in pretraining.
    const ids = encode(isOfBytes ? ` ${wellFormed(token)}` : wellFormed(token)).map(({ id }) => id);
    const pieces = ids.length > 0 ? ids : unknown;
    if (cache.size >= CACHE_LIMIT) cache.clear();
    if (pieces.length <= LONGEST_CACHED) cache.set(token, pieces);
    return pieces;
  };

  const encodeSentence = (tokens: readonly string[]): readonly (readonly number[])[] => {
    const found = encode(wellFormed(tokens.join(' ')));
    const owners = ownersOfPieces(
      found.map(({ text }) => seen(text)),
      tokens.map((token) => seen(surface(normalize(wellFormed(token))))),
    );
    // A normalizer that changes characters across a space leaves no positions to align; then encode each token separately.
    if (owners === null) return tokens.map(encodeToken);
    const pieces = tokens.map((): number[] => []);
    found.forEach(({ id }, index) => pieces[owners[index] ?? 0]?.push(id));
    return pieces.map((ofToken) => (ofToken.length > 0 ? ofToken : unknown));
  };

  // WordPiece words never cross white space, so each token gets the same pieces as when encoded alone.
  const isByToken = content.model.type === 'WordPiece' && !added.some(({ content: text }) => /\s/u.test(text));
  return {
    encodeToken,
    encodeSentence: isByToken ? (tokens) => tokens.map(encodeToken) : encodeSentence,
    specials,
    vocabularySize,
  };
}

function notByteLevel(): LabError {
  return new LabError('tokenizer/format', 'tokenizer.json cannot be used: its BPE model does not work on bytes.', {
    expected: 'a ByteLevel pre-tokenizer, as RoBERTa and ModernBERT have',
    got: 'another one, or none',
  });
}

/**
 * Assigns each piece to a token, from the visible characters of pieces and tokens: the token of the piece's first character; a
 * piece without one (a bare word mark) belongs to the character after it. Null if the characters differ.
 */
function ownersOfPieces(pieces: readonly string[], tokens: readonly string[]): number[] | null {
  if (pieces.join('') !== tokens.join('')) return null;
  const owners: number[] = [];
  let token = 0;
  let tokenEnd = tokens[0]?.length ?? 0;
  let position = 0;
  for (const { length } of pieces) {
    while (position >= tokenEnd && token < tokens.length - 1) tokenEnd += tokens[++token]?.length ?? 0;
    owners.push(token);
    position += length;
  }
  return owners;
}

/** A text without white space and SentencePiece's word mark. */
function visible(text: string): string {
  return text.replace(/[\s▁]+/gu, '');
}

/** A text whose halves of characters, which no tokenizer knows, are replacement characters. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
