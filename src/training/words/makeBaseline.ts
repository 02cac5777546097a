// Makes a network of words from nothing but corpora and, if there are any, vectors of words: the files of a model to import.
import { SPLITS, type CorpusSentences } from '../../data/corpus/corpus.ts';
import { wordTokenizerFile } from '../../data/pieces/wordTokenizer.ts';
import { BASELINES, baselineForms, MOST_LANGUAGE, type BaselineForm, type BaselineName, type LanguageChoice, type WordsOrigin } from '../../data/words/baselines.ts'; // prettier-ignore
import type { StreamedFile } from '../../data/words/byteSource.ts';
import type { WordVectors } from '../../data/words/vectorCollector.ts';
import { countTokens, spellingsIn, wordVocabulary, type WordVocabulary } from '../../data/words/wordVocabulary.ts';
import { readWordVectors } from '../../data/words/wordVectors.ts';
import { encoderConfig, encoderShapes } from '../../model/families/encoderConfig.ts';
import { sizeOf, type HostParameters } from '../../model/blocks/hostParameters.ts';
import { LINE_START, type LanguageSizes } from '../../model/families/words/languageModels.ts';
import { drawnWeights } from '../../model/families/words/wordNetwork.ts';
import { EMBEDDING } from '../../model/blocks/parameterLocation.ts';
import { FIXED_WORDS } from '../../model/families/words/representation.ts';
import { flairModel, flairPair } from '../../model/weights/flairModel.ts';
import { writeSafetensors } from '../../model/weights/safetensors.ts';
import { LabError } from '../../util/labError.ts';
import type { Progress } from '../../util/work.ts';
import { CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE } from '../loadModel.ts';
import { pretrainLanguage } from './pretrainLanguage.ts';

export interface BaselineInputs {
  readonly form: BaselineName;
  readonly corpora: readonly { readonly name: string; readonly sentences: CorpusSentences }[];
  /** Null: vectors of words are drawn, too. */
  readonly vectors: StreamedFile | null;
  /** Words from the start of the file that get a row whether or not the corpora have them, for text that is tagged later. */
  readonly firstWords: number;
  /** For a form that reads language models; absent: trained here as the form says. */
  readonly language?: LanguageChoice | undefined;
}

export interface MadeBaseline {
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
  readonly origin: WordsOrigin;
}

/** Bytes read of the file of vectors, and its size; then steps of training language models. */
export type MakingProgress = Progress;

/** Characters of a word that are read, as in CollaboNet, and by language models. */
const LONGEST_WORD = 49;
const LONGEST_READ = 1000;
/** Of the weights in the file, which runs replace by those of their seeds. */
const STORED_SEED = 1;
/** Above it, a browser could neither hold nor store the model. */
const MOST_WEIGHTS = 250e6;

/**
 * Reads the vectors that the corpora's words need, builds vocabulary, configuration and weights. Throws LabError `vectors/...`, `model/baseline`
 * if the network would be too large or the corpora have no training text, and the reason of `signal`.
 */
export async function* makeBaseline(
  { form: name, corpora, vectors, firstWords, language: choice }: BaselineInputs,
  signal: AbortSignal,
): AsyncGenerator<MakingProgress, MadeBaseline> {
  const form = baselineForms[name];
  const counts = {
    train: countTokens(corpora.map(({ sentences }) => sentences.train)),
    others: countTokens(
      corpora.flatMap(({ sentences }) => SPLITS.flatMap((split) => (split === 'train' ? [] : [sentences[split]]))),
    ),
  };
  if (counts.train.size === 0) {
    throw new LabError('model/baseline', 'The chosen corpora have no training text, of which the vocabulary is made.', {
      expected: 'a corpus with training sentences',
      got: corpora.map((corpus) => corpus.name).join(', ') || 'no corpus',
    });
  }
  const wanted = { words: spellingsIn([counts.train, counts.others]), first: firstWords };
  const given = vectors && (yield* vectorsIn(vectors, wanted, signal));
  const known = wordVocabulary(counts, given, form.trainsWords);
  const language = yield* languageOf(form, choice, known.characters, corpora, signal);
  const vocabulary = { ...known, characters: language?.characters ?? known.characters };
  const origin: WordsOrigin = {
    corpora: corpora.map((corpus) => corpus.name),
    vectors: given &&
      vectors &&
      vocabulary.coverage && {
        file: vectors.name,
        format: given.format,
        dimensions: given.dimensions,
        words: given.fileWords,
        coverage: vocabulary.coverage,
      },
    ...(language !== null && { language: language.origin }),
  };
  const members = {
    ...membersOf(form, vocabulary, given?.dimensions ?? null, origin),
    ...(language !== null && { language: language.sizes }),
  };
  const { words, characters } = vocabulary;
  return {
    files: [
      { name: CONFIG_FILE, bytes: new TextEncoder().encode(`${JSON.stringify(members, null, 2)}\n`) },
      { name: WEIGHTS_FILE, bytes: weightsFile(members, vocabulary, form, language?.weights ?? new Map()) },
      {
        name: TOKENIZER_FILE,
        bytes: wordTokenizerFile({
          words: [...words],
          characters: [...characters],
          longest: language === null ? LONGEST_WORD : LONGEST_READ,
        }),
      },
    ],
    origin,
  };
}

/** Language models with the characters they know. */
interface MadeLanguage {
  readonly sizes: LanguageSizes;
  readonly characters: readonly string[];
  readonly weights: HostParameters;
  readonly origin: NonNullable<WordsOrigin['language']>;
}

/** The language models of a form: those of two files, or trained on the training text; null for a form without any. */
async function* languageOf(
  { language, label }: BaselineForm,
  choice: LanguageChoice | undefined,
  found: readonly string[],
  corpora: BaselineInputs['corpora'],
  signal: AbortSignal,
): AsyncGenerator<MakingProgress, MadeLanguage | null> {
  if (language === undefined) {
    if (choice === undefined) return null;
    throw new LabError('model/baseline', `${label} reads no language models.`, {
      expected: `no language models, or a network that reads them: ${readers()}`,
      got: 'language models',
    });
  }
  if (choice !== undefined && 'files' in choice) {
    const [one, other, ...rest] = choice.files;
    if (one === undefined || other === undefined || rest.length > 0)
      throw notPair(choice.files.map((file) => file.name));
    const [first, second] = [flairModel(one.name, one.bytes), flairModel(other.name, other.bytes)];
    const { sizes, characters, weights } = flairPair(first, second);
    const origin = { files: [one.name, other.name], hidden: sizes.hidden, layers: sizes.layers, characters: characters.length }; // prettier-ignore
    return { sizes, characters, weights, origin };
  }
  const { hidden, epochs } = choice ?? language;
  for (const [name, value] of Object.entries({ hidden, epochs })) {
    const most = MOST_LANGUAGE[name as keyof typeof MOST_LANGUAGE];
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    throw new LabError('model/baseline', `Language models cannot be trained so: ${name}.`, {
      expected: `a whole number from 1 to ${most}`,
      got: String(value),
    });
  }
  const characters = ['\n', ' ', ...found.filter((one) => one !== '\n' && one !== ' ')];
  const numbers = new Map(characters.map((character, index) => [character, index + LINE_START]));
  const texts = corpora.flatMap(({ sentences }) =>
    sentences.train.map(({ tokens }) => Array.from(`${tokens.join(' ')} `, (one) => numbers.get(one) ?? 1)),
  );
  const sizes = { size: language.size, hidden, layers: 1 };
  const count = characters.length + LINE_START;
  const { weights, losses } = yield* pretrainLanguage(texts, count, { sizes, epochs, seed: STORED_SEED }, signal);
  return {
    sizes,
    characters,
    weights,
    origin: { hidden, layers: 1, characters: characters.length, losses: [...losses] },
  };
}

const readers = (): string => BASELINES.filter((name) => baselineForms[name].language !== undefined).join(', ');

function notPair(names: readonly string[]): LabError {
  return new LabError(
    'language/pair',
    'Language models are two files: one that reads forward and one that reads backward.',
    {
      expected: 'two files that flair saved',
      got: names.join(', ') || 'none',
    },
  );
}

async function* vectorsIn(
  file: StreamedFile,
  wanted: Parameters<typeof readWordVectors>[1],
  signal: AbortSignal,
): AsyncGenerator<MakingProgress, WordVectors> {
  const reading = readWordVectors(file, wanted, signal);
  for (;;) {
    const step = await reading.next();
    if (step.done === true) return step.value;
    yield { phase: 'reading vectors', done: step.value.doneBytes, of: step.value.ofBytes };
  }
}

function membersOf(
  { members, wordSize }: BaselineForm,
  { words, trained, characters }: WordVocabulary,
  dimensions: number | null,
  origin: WordsOrigin,
): Record<string, unknown> {
  return {
    ...members,
    word_size: dimensions ?? wordSize,
    trained_words: trained,
    fixed_words: words.length - trained,
    character_count: characters.length + 2,
    untrained: dimensions === null ? 'all' : 'beside words',
    words: origin,
  };
}

/** Drawn weights with the given vectors in the rows of their words. */
function weightsFile(
  members: Record<string, unknown>,
  { given, trained }: WordVocabulary,
  { hasUnitLength }: BaselineForm,
  language: HostParameters,
): Uint8Array<ArrayBuffer> {
  const shapes = [...encoderShapes(encoderConfig(members))];
  const weights = shapes.reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
  if (weights > MOST_WEIGHTS) {
    throw new LabError('model/baseline', 'The network would be too large: most of it are vectors of words.', {
      expected: `at most ${MOST_WEIGHTS / 1e6} million weights; choose fewer corpora or fewer first words of the file`,
      got: `${Math.round(weights / 1e6)} million`,
    });
  }
  const drawn = new Map([...drawnWeights(shapes, STORED_SEED), ...language]);
  given.forEach((vector, row) => {
    if (vector === null) return;
    const table = drawn.get(row < trained ? EMBEDDING : FIXED_WORDS);
    table?.values.set(
      hasUnitLength ? unitVector(vector) : vector,
      (row < trained ? row : row - trained) * vector.length,
    );
  });
  return writeSafetensors(
    new Map(
      [...drawn].map(([name, { shape, values }]) => [name, { dtype: 'F32' as const, shape, read: () => values }]),
    ),
  );
}

function unitVector(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
