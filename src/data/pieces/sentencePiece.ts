// Converts a SentencePiece model to a Hugging Face tokenizer.json, as transformers does for XLNet and for DeBERTa-v3.
import { LabError } from '../../util/labError.ts';
import { readProtobuf, type ProtobufField } from '../../util/protobuf.ts';

/** The parts of a SentencePiece model that the tokenizers need. */
interface SentencePieceModel {
  readonly pieces: readonly { readonly text: string; readonly score: number; readonly type: number }[];
  readonly unknownId: number;
  /** Whether text without pieces is given as the pieces of its bytes. */
  readonly hasByteFallback: boolean;
  /** Character replacements, in the library's packed format; empty for none. */
  readonly characterMap: Uint8Array<ArrayBuffer>;
}

/** Settings of transformers' `XLNetTokenizer` for preparing text, from tokenizer_config.json. */
export interface TextTreatment {
  readonly lowerCase: boolean;
  readonly keepAccents: boolean;
}

/** Types of pieces in sentencepiece_model.proto. */
const control = 3;
const userDefined = 4;
const unused = 5;
/** Score penalty for pieces of a digit and a comma, as in transformers' `XLNetConverter`: the released code splits them again. */
const commaPenalty = 100;

/**
 * Builds the value of a tokenizer.json: a Unigram model of the pieces and scores; doubled quotes merged, accents stripped,
 * lower-cased if configured, with the model's own character map and XLNet's word marks. White space is always collapsed, as XLNet
 * does before SentencePiece, so `remove_extra_whitespaces` changes nothing. Throws LabError `tokenizer/sentencepiece` for invalid
 * bytes, or a model that is not Unigram; `tokenizer/setting` for settings that transformers and SentencePiece treat differently.
 */
export function sentencePieceTokenizer(bytes: Uint8Array<ArrayBuffer>, { lowerCase, keepAccents }: TextTreatment) {
  const model = readModel('spiece.model', bytes);
  const { pieces, characterMap } = model;
  return {
    ...unigramFile(model),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Replace', pattern: { String: '``' }, content: '"' },
        { type: 'Replace', pattern: { String: "''" }, content: '"' },
        ...(keepAccents ? [] : [{ type: 'NFKD' }, { type: 'StripAccents' }]),
        ...(lowerCase ? [{ type: 'Lowercase' }] : []),
        ...(characterMap.length > 0 ? [{ type: 'Precompiled', precompiled_charsmap: base64(characterMap) }] : []),
      ],
    },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    post_processor: template(
      'spiece.model',
      model,
      [sequence('A', 0), special('<sep>', 0), special('<cls>', 2)],
      [sequence('A', 0), special('<sep>', 0), sequence('B', 1), special('<sep>', 1), special('<cls>', 2)],
      ['<cls>', '<sep>'],
    ),
    model: unigramModel(
      model,
      pieces.map(({ text, score }) => [text, /\p{Nd},$/u.test(text) ? score - commaPenalty : score]),
    ),
  };
}

/**
 * Builds the value of a tokenizer.json from DeBERTa-v3's `spm.model`, as transformers' `DebertaV2Converter` does: text stripped, with the model's
 * own character map, white space collapsed and word marks; split at punctuation if configured. Throws like `sentencePieceTokenizer`.
 */
export function debertaTokenizer(
  bytes: Uint8Array<ArrayBuffer>,
  { lowerCase, splitsPunctuation }: { readonly lowerCase: boolean; readonly splitsPunctuation: boolean },
) {
  const model = readModel('spm.model', bytes);
  const { pieces, characterMap } = model;
  const single = [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)];
  return {
    ...unigramFile(model),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(lowerCase ? [{ type: 'Lowercase' }] : []),
        { type: 'Strip', strip_left: true, strip_right: true },
        ...(characterMap.length > 0 ? [{ type: 'Precompiled', precompiled_charsmap: base64(characterMap) }] : []),
        { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [...(splitsPunctuation ? [{ type: 'Punctuation', behavior: 'Isolated' }] : []), metaspace],
    },
    post_processor: template(
      'spm.model',
      model,
      single,
      [...single, sequence('B', 1), special('[SEP]', 1)],
      ['[CLS]', '[SEP]'],
    ),
    model: unigramModel(
      model,
      pieces.map(({ text, score }) => [text, score]),
    ),
  };
}

const special = (text: string, type: number) => ({ SpecialToken: { id: text, type_id: type } });
const sequence = (id: string, type: number) => ({ Sequence: { id, type_id: type } });
const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true } as const;

/** The members of a tokenizer.json that depend on the model's pieces alone. */
function unigramFile({ pieces, unknownId }: SentencePieceModel) {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: pieces.flatMap(({ text, type }, id) =>
      id === unknownId || type === control || type === userDefined
        ? [{ id, content: text, single_word: false, lstrip: false, rstrip: false, normalized: false, special: type !== userDefined }] // prettier-ignore
        : [],
    ),
    decoder: metaspace,
  };
}

function unigramModel({ unknownId, hasByteFallback }: SentencePieceModel, vocab: [text: string, score: number][]) {
  return { type: 'Unigram', unk_id: unknownId, vocab, byte_fallback: hasByteFallback };
}

/** Throws LabError `tokenizer/special` for a special that is no piece. */
function template(
  file: string,
  { pieces }: SentencePieceModel,
  single: readonly unknown[],
  pair: readonly unknown[],
  specials: readonly string[],
) {
  const idOf = (text: string): number => {
    const id = pieces.findIndex((piece) => piece.text === text);
    if (id >= 0) return id;
    throw new LabError('tokenizer/special', `${file} has no piece ${text}.`, {
      expected: text,
      got: `${pieces.length} other pieces`,
    });
  };
  const special_tokens = Object.fromEntries(specials.map((text) => [text, { id: text, ids: [idOf(text)], tokens: [text] }])); // prettier-ignore
  return { type: 'TemplateProcessing', single, pair, special_tokens };
}

/** Settings by the number of their field, with the only value that the word marks allow. */
const neededSettings = {
  trainer: [{ number: 24, name: 'treat_whitespace_as_suffix', needed: false }],
  normalizer: [
    { number: 3, name: 'add_dummy_prefix', needed: true },
    { number: 5, name: 'escape_whitespaces', needed: true },
  ],
} as const;

function refuseOtherMarks(
  file: string,
  fields: Readonly<Record<'trainer' | 'normalizer', readonly ProtobufField[]>>,
): void {
  for (const [spec, settings] of Object.entries(neededSettings)) {
    for (const { number, name, needed } of settings) {
      const found = (lastNumber(fields[spec as keyof typeof fields], number) ?? Number(needed)) !== 0;
      if (found === needed) continue;
      throw new LabError('tokenizer/setting', `${file} has a setting that this lab cannot obey.`, {
        expected: `${name}: ${needed}, as XLNet's models have`,
        got: String(found),
      });
    }
  }
}

/**
 * ModelProto: pieces (1), trainer_spec (2) with model_type (3, unigram if absent), byte_fallback (35) and unk_id (40), normalizer_spec
 * (3) with its map (2).
 */
function readModel(file: string, bytes: Uint8Array<ArrayBuffer>): SentencePieceModel {
  const notSentencePiece = refusal(file);
  const fields = readProtobuf(bytes, notSentencePiece);
  const pieces = fields.flatMap((field) =>
    field.number === 1 ? [readPiece(message(field, notSentencePiece), notSentencePiece)] : [],
  );
  const trainer = fields.flatMap((field) => (field.number === 2 ? message(field, notSentencePiece) : []));
  const normalizer = fields.flatMap((field) => (field.number === 3 ? message(field, notSentencePiece) : []));
  const modelType = lastNumber(trainer, 3) ?? 1;
  const unknownId = lastNumber(trainer, 40) ?? 0;
  const characterMap = normalizer.findLast(({ number, kind }) => number === 2 && kind === 'bytes')?.value;
  if (pieces.length === 0 || unknownId >= pieces.length) {
    throw notSentencePiece(`${pieces.length} pieces, the unknown one being number ${unknownId}`);
  }
  if (modelType !== 1) throw notSentencePiece(`a model of type ${modelType}`);
  const unusedPiece = pieces.find(({ type }) => type === unused);
  if (unusedPiece !== undefined) throw notSentencePiece(`a piece that is marked as unused: ${unusedPiece.text}`);
  refuseOtherMarks(file, { trainer, normalizer });
  return {
    pieces,
    unknownId,
    hasByteFallback: (lastNumber(trainer, 35) ?? 0) !== 0,
    characterMap: characterMap instanceof Uint8Array ? characterMap : new Uint8Array(),
  };
}

/** SentencePiece: piece (1), score (2), type (3, normal if absent). */
function readPiece(fields: readonly ProtobufField[], notSentencePiece: Refusal): SentencePieceModel['pieces'][number] {
  let text = '';
  let score = 0;
  for (const { number, kind, value } of fields) {
    if (number === 1 && kind === 'bytes') {
      try {
        text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
      } catch {
        throw notSentencePiece('a piece that is not UTF-8');
      }
    }
    if (number === 2 && kind === 'fixed32') {
      score = new Float32Array(Uint32Array.of(Number(value)).buffer)[0] as number;
      if (!Number.isFinite(score)) throw notSentencePiece(`a piece of score ${score}`);
    }
  }
  return { text, score, type: lastNumber(fields, 3) ?? 1 };
}

function message(field: ProtobufField, notSentencePiece: Refusal): readonly ProtobufField[] {
  if (field.kind === 'bytes') return readProtobuf(field.value, notSentencePiece);
  throw notSentencePiece(`a number in field ${field.number}`);
}

function lastNumber(fields: readonly ProtobufField[], wanted: number): number | undefined {
  const found = fields.findLast(({ number, kind }) => number === wanted && kind === 'varint');
  return found === undefined ? undefined : Number(found.value);
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

type Refusal = (got: string) => LabError;

const refusal =
  (file: string): Refusal =>
  (got) =>
    new LabError('tokenizer/sentencepiece', `${file} is not a SentencePiece Unigram model.`, {
      expected: 'a whole model with Unigram pieces',
      got,
    });
