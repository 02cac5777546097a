// Makes a network of words from nothing but corpora and, if there are any, vectors of words; trains its language models over characters.
import * as tf from '@tensorflow/tfjs';
import { SPLITS, type CorpusSentences } from '../../data/corpus/corpus.ts';
import { wordTokenizerFile } from '../../data/pieces/pieceModels.ts';
import {
  baselineForms,
  BASELINES,
  countTokens,
  MOST_LANGUAGE,
  spellingsIn,
  wordVocabulary,
  type BaselineForm,
  type BaselineName,
  type LanguageChoice,
  type WordsOrigin,
  type WordVectors,
  type WordVocabulary,
} from '../../data/words/baselines.ts';
import type { StreamedFile } from '../../data/words/byteSource.ts';
import { readWordVectors } from '../../data/words/wordVectors.ts';
import { disposeParameters, downloadParameters, uploadParameters } from '../../model/blocks/layerBlocks.ts';
import { EMBEDDING, LANGUAGE, sizeOf, type HostParameters } from '../../model/blocks/parameterLocation.ts';
import { encoderConfig, encoderShapes } from '../../model/families/encoderConfig.ts';
import {
  characterTexts,
  decoderShapes,
  languageLoss,
  languageShapes,
  LINE_START,
  SPACE,
  type LanguageSizes,
} from '../../model/families/words/languageModels.ts';
import { drawnWeights, FIXED_WORDS } from '../../model/families/words/wordNetwork.ts';
import { writeSafetensors } from '../../model/weights/safetensors.ts';
import { flairModel, flairPair } from '../../model/weights/torchTensors.ts';
import { macrotask, type Progress } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import { epochSteps, stepsPerEpoch } from '../batches.ts';
import { CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE } from '../loadTagger.ts';
import { adamUpdate, learningRateAt, zeroMoments } from '../step.ts';

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

// Trains language models over characters, forward and backward together, to predict the next character of each text.

export interface LanguageTraining {
  readonly sizes: LanguageSizes;
  readonly epochs: number;
  readonly seed: number;
}

/** Weights of both models without their decoders, and the mean loss of each epoch in nats a character. */
export interface TrainedLanguage {
  readonly weights: HostParameters;
  readonly losses: readonly number[];
}

const BATCH = 32;
/** Characters at most from one zero state on, as in flair's trainer. */
const LONGEST = 250;
const RATE = 2e-3;
const CLIP = 1;
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonForm: 'standard' } as const;

/**
 * Trains on `texts`, numbers of characters without a line's start and with a space at the end; longer ones are cut after a space. Each
 * begins at zero states, as it does when a tagger reads it. A function of texts, sizes, epochs and seed alone. Yields progress in steps.
 * Throws LabError `training/notFinite`, and the reason of `signal`.
 */
export async function* pretrainLanguage(
  texts: readonly (readonly number[])[],
  characterCount: number,
  { sizes, epochs, seed }: LanguageTraining,
  signal: AbortSignal,
): AsyncGenerator<Progress, TrainedLanguage> {
  const parts = texts.flatMap(partsOf);
  const lengths = parts.map(({ length }) => length);
  const shapes = [...languageShapes(sizes, characterCount), ...decoderShapes(sizes, characterCount)];
  const parameters = uploadParameters(drawnWeights(shapes, seed));
  const moments = zeroMoments(parameters);
  const names = shapes.map(([name]) => name);
  const stepsEach = stepsPerEpoch(parts.length, BATCH);
  const of = epochs * stepsEach;
  const config = { learningRate: RATE, decay: 'linear', warmupSteps: 0 } as const;
  const losses: number[] = [];
  let step = 0;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      let sum = 0;
      const shown = parts.map((_, index) => index);
      for (const [indices = []] of epochSteps(
        lengths,
        shown,
        { batchSize: BATCH, microBatchSize: BATCH },
        seed,
        epoch,
      )) {
        yield { phase: 'training language models', done: step, of };
        await macrotask();
        signal.throwIfAborted();
        const batch = characterTexts(indices.map((index) => parts[index] ?? []));
        const [value, gradients, scale] = tf.tidy(() => {
          const ofNamed = (...tensors: tf.Tensor[]): tf.Scalar =>
            languageLoss(batch, new Map(names.map((name, index) => [name, tensors[index] as tf.Tensor])), sizes);
          const found = tf.valueAndGrads(ofNamed)(names.map((name) => parameters.get(name) as tf.Tensor));
          const squares = found.grads.map((gradient) => tf.sum(tf.square(gradient)));
          const norm = tf.sqrt(tf.addN(squares));
          return [found.value, found.grads, tf.div(CLIP, tf.maximum(norm, CLIP))] as [
            tf.Scalar,
            tf.Tensor[],
            tf.Scalar,
          ];
        });
        const learningRate = learningRateAt(config, step, of);
        const named = new Map(names.map((name, index) => [name, gradients[index] as tf.Tensor]));
        adamUpdate(parameters, moments, named, scale, { step: ++step, learningRate, adam: ADAM, factors: new Map() });
        const [loss = NaN] = await value.data();
        tf.dispose([value, scale, ...gradients]);
        if (!Number.isFinite(loss)) throw notFinite(step, loss);
        sum += loss;
      }
      losses.push(sum / stepsEach);
    }
    const trained = await downloadParameters(parameters);
    return { weights: new Map([...trained].filter(([name]) => name.startsWith(LANGUAGE))), losses };
  } finally {
    for (const owned of [parameters, moments.first, moments.second]) disposeParameters(owned);
  }
}

/** Cuts a text after its last space before `LONGEST` characters, or there if it has none; each part ends with a space. */
function partsOf(text: readonly number[]): readonly (readonly number[])[] {
  if (text.length <= LONGEST) return text.length === 0 ? [] : [text];
  const space = text.lastIndexOf(SPACE, LONGEST - 1);
  const end = space > 0 ? space + 1 : LONGEST - 1;
  const part = text.slice(0, end);
  return [space > 0 ? part : [...part, SPACE], ...partsOf(text.slice(end))];
}

function notFinite(step: number, loss: number): LabError {
  return new LabError('training/notFinite', `The loss of the language models is no longer finite at step ${step}.`, {
    expected: 'a finite loss',
    got: String(loss),
  });
}
