// Converts a SentencePiece model to a Hugging Face tokenizer.json, as transformers does for XLNet.
import { LabError } from '../../util/labError.ts';
import { readProtobuf, type ProtobufField } from '../../util/protobuf.ts';

/** The parts of a SentencePiece model that XLNet's tokenizer needs. */
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
  const { pieces, unknownId, characterMap, hasByteFallback } = readModel(bytes);
  const idOf = (text: string): number => {
    const id = pieces.findIndex((piece) => piece.text === text);
    if (id >= 0) return id;
    throw new LabError('tokenizer/special', `spiece.model has no piece ${text}.`, {
      expected: text,
      got: `${pieces.length} other pieces`,
    });
  };
  const special = (text: string, type: number) => ({ SpecialToken: { id: text, type_id: type } });
  const sequence = (id: string, type: number) => ({ Sequence: { id, type_id: type } });
  const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: pieces.flatMap(({ text, type }, id) =>
      id === unknownId || type === control || type === userDefined
        ? [{ id, content: text, single_word: false, lstrip: false, rstrip: false, normalized: false, special: type !== userDefined }] // prettier-ignore
        : [],
    ),
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
    post_processor: {
      type: 'TemplateProcessing',
      single: [sequence('A', 0), special('<sep>', 0), special('<cls>', 2)],
      pair: [sequence('A', 0), special('<sep>', 0), sequence('B', 1), special('<sep>', 1), special('<cls>', 2)],
      special_tokens: Object.fromEntries(
        ['<cls>', '<sep>'].map((text) => [text, { id: text, ids: [idOf(text)], tokens: [text] }]),
      ),
    },
    decoder: metaspace,
    model: {
      type: 'Unigram',
      unk_id: unknownId,
      vocab: pieces.map(({ text, score }) => [text, /\p{Nd},$/u.test(text) ? score - commaPenalty : score]),
      byte_fallback: hasByteFallback,
    },
  };
}

/** Settings by the number of their field, with the only value that XLNet's word marks allow. */
const neededSettings = {
  trainer: [{ number: 24, name: 'treat_whitespace_as_suffix', needed: false }],
  normalizer: [
    { number: 3, name: 'add_dummy_prefix', needed: true },
    { number: 5, name: 'escape_whitespaces', needed: true },
  ],
} as const;

function refuseOtherMarks(fields: Readonly<Record<'trainer' | 'normalizer', readonly ProtobufField[]>>): void {
  for (const [spec, settings] of Object.entries(neededSettings)) {
    for (const { number, name, needed } of settings) {
      const found = (lastNumber(fields[spec as keyof typeof fields], number) ?? Number(needed)) !== 0;
      if (found === needed) continue;
      throw new LabError('tokenizer/setting', 'spiece.model has a setting that this lab cannot obey.', {
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
function readModel(bytes: Uint8Array<ArrayBuffer>): SentencePieceModel {
  const fields = readProtobuf(bytes, notSentencePiece);
  const pieces = fields.flatMap((field) => (field.number === 1 ? [readPiece(message(field))] : []));
  const trainer = fields.flatMap((field) => (field.number === 2 ? message(field) : []));
  const normalizer = fields.flatMap((field) => (field.number === 3 ? message(field) : []));
  const modelType = lastNumber(trainer, 3) ?? 1;
  const unknownId = lastNumber(trainer, 40) ?? 0;
  const characterMap = normalizer.findLast(({ number, kind }) => number === 2 && kind === 'bytes')?.value;
  if (pieces.length === 0 || unknownId >= pieces.length) {
    throw notSentencePiece(`${pieces.length} pieces, the unknown one being number ${unknownId}`);
  }
  if (modelType !== 1) throw notSentencePiece(`a model of type ${modelType}`);
  const unusedPiece = pieces.find(({ type }) => type === unused);
  if (unusedPiece !== undefined) throw notSentencePiece(`a piece that is marked as unused: ${unusedPiece.text}`);
  refuseOtherMarks({ trainer, normalizer });
  return {
    pieces,
    unknownId,
    hasByteFallback: (lastNumber(trainer, 35) ?? 0) !== 0,
    characterMap: characterMap instanceof Uint8Array ? characterMap : new Uint8Array(),
  };
}

/** SentencePiece: piece (1), score (2), type (3, normal if absent). */
function readPiece(fields: readonly ProtobufField[]): SentencePieceModel['pieces'][number] {
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

function message(field: ProtobufField): readonly ProtobufField[] {
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

function notSentencePiece(got: string): LabError {
  return new LabError('tokenizer/sentencepiece', 'spiece.model is not a SentencePiece Unigram model.', {
    expected: 'a whole model with Unigram pieces',
    got,
  });
}
