// Benchmarks Adam over all parameters of a tagger: the engine's kernel against stock tfjs ops.
import * as tf from '@tensorflow/tfjs';
import { stateWords } from '../src/engine/gpu/kernel.ts';
import type { Recorder, Region } from '../src/engine/gpu/recorder.ts';
import { recordAdam } from '../src/engine/kernels/updateKernels.ts';
import { ParameterBanks } from '../src/engine/network/parameterBanks.ts';
import { adamUpdate, zeroMoments } from '../src/training/step.ts';
import { Rng } from '../src/util/random.ts';
import { openRecording, type Words } from '../tests/fixtures/openRecording.ts';
import type { BenchHome, BenchReport, BenchRequest } from './benchReport.ts';
import { configOf, taggerOf } from './benchShape.ts';
import { benchContests, relativeDifference } from './kernelContest.ts';

const LEARNING_RATE = 1e-3;
const SCALE = 0.5;
/** Gradient, parameter, two moments read; the last three written. */
const BYTES_A_WORD = 28;

export function benchAdam(request: BenchRequest, home: BenchHome): Promise<BenchReport> {
  return benchContests('Adam over all parameters', adamContests, request, home);
}

const adamContests: Parameters<typeof benchContests>[1] = async ({ gpu }, { shape }) => {
  const { adam } = configOf(shape);
  const banks = new ParameterBanks(taggerOf(shape), () => true);
  const { arenas } = banks;
  const rng = Rng.seeded(6);
  const drawn = (length: number): Float32Array<ArrayBuffer> => Float32Array.from({ length }, () => rng.normal());
  const first = { beta1: 1 - adam.beta1, root: Math.sqrt(1 - adam.beta2) };
  const state = stateWords(shape.layers, {
    accumulate: false,
    inverseSequences: 1,
    stepSize: LEARNING_RATE / first.beta1,
    rootCorrection: first.root,
    lossScale: 1,
    stream: { seed: 1, step: 1, microBatch: 0 },
  });
  const contents: Record<string, Words> = { state, clip: Float32Array.of(SCALE, 0) };
  for (const { label, length } of arenas) {
    contents[`${label} gradient`] = drawn(length);
    contents[`${label} parameter`] = drawn(length);
    contents[`${label} first`] = new Float32Array(length);
    contents[`${label} second`] = new Float32Array(length);
  }
  const ours = await openRecording(gpu, contents, (recorder: Recorder, regions) => {
    for (const { label, length } of arenas) {
      const region = (what: string): Region => regions[what] as Region;
      recordAdam(
        recorder,
        { ...adam, segments: [{ length, rateFactor: 1, gradientFactor: 1 }] },
        { gradient: region(`${label} gradient`), clip: region('clip'), state: region('state') },
        { parameter: region(`${label} parameter`), first: region(`${label} first`), second: region(`${label} second`) },
      );
    }
  });
  const tensorsOf = (what: 'gradient' | 'parameter'): Map<string, tf.Tensor> =>
    new Map(
      arenas.flatMap(({ label, banks: own }) =>
        own
          .flatMap(({ tensors }) => tensors)
          .map(({ name, shape: sizes }) => {
            const { offset, length } = banks.placeOf(name, 'parameter');
            const values = contents[`${label} ${what}`] as Float32Array;
            return [name, tf.tensor(values.slice(offset, offset + length), [...sizes])] as const;
          }),
      ),
    );
  const [gradients, parameters] = [tensorsOf('gradient'), tensorsOf('parameter')];
  const moments = zeroMoments(parameters);
  const scale = tf.keep(tf.scalar(SCALE));
  let step = 0;
  const stock = (): void => {
    adamUpdate(parameters, moments, gradients, scale, { step: ++step, learningRate: LEARNING_RATE, adam, factors: new Map() }); // prettier-ignore
    for (const kept of [parameters, moments.first, moments.second]) for (const tensor of kept.values()) tf.keep(tensor);
  };
  const words = arenas.reduce((sum, { length }) => sum + length, 0);
  return [
    {
      name: `${words} parameters`,
      ours,
      stock,
      work: null,
      bytes: BYTES_A_WORD * words,
      async difference() {
        await ours.run();
        tf.tidy(stock);
        let worst = 0;
        for (const { label, banks: own } of arenas) {
          const found = await ours.read(`${label} parameter`);
          for (const { name } of own.flatMap(({ tensors }) => tensors)) {
            const { offset, length } = banks.placeOf(name, 'parameter');
            const expected = await (parameters.get(name) as tf.Tensor).data();
            worst = Math.max(worst, relativeDifference(found.subarray(offset, offset + length), expected));
          }
        }
        return { parameters: worst };
      },
    },
  ];
};
