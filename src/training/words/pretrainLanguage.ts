// Trains language models over characters, forward and backward together, to predict the next character of each text.
import * as tf from '@tensorflow/tfjs';
import { uploadParameters, disposeParameters, downloadParameters } from '../../model/blocks/deviceParameters.ts';
import type { HostParameters } from '../../model/blocks/hostParameters.ts';
import { LANGUAGE } from '../../model/blocks/parameterLocation.ts';
import { characterTexts, decoderShapes, languageLoss, languageShapes, SPACE, type LanguageSizes } from '../../model/families/words/languageModels.ts'; // prettier-ignore
import { drawnWeights } from '../../model/families/words/wordNetwork.ts';
import { macrotask } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import type { Progress } from '../../util/work.ts';
import { adamUpdate, learningRateAt, zeroMoments } from '../adam.ts';
import { epochSteps, stepsPerEpoch } from '../batches.ts';

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
