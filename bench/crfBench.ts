// Benchmarks the CRF's loss and its gradients: the engine's kernels against stock tfjs ops.
import * as tf from '@tensorflow/tfjs';
import { stateWords } from '../src/engine/gpu/kernel.ts';
import type { Region } from '../src/engine/gpu/recorder.ts';
import { recordCrf } from '../src/engine/kernels/crf/crfKernels.ts';
import { crfLogLikelihood } from '../src/model/tagger.ts';
import { Rng } from '../src/util/random.ts';
import { drawnBatch } from '../tests/fixtures/drawnBatch.ts';
import { openRecording, type Words } from '../tests/fixtures/openRecording.ts';
import type { BenchHome, BenchReport, BenchRequest } from './benchReport.ts';
import { taggerOf } from './benchShape.ts';
import { benchContests, relativeDifference } from './kernelContest.ts';

export function benchCrf(request: BenchRequest, home: BenchHome): Promise<BenchReport> {
  return benchContests('Loss and gradients of the CRF', crfContests, request, home);
}

const crfContests: Parameters<typeof benchContests>[1] = async ({ gpu }, { shape }) => {
  const { batch: B, length: N, tags: K } = shape;
  const batch = drawnBatch(taggerOf(shape), B, N);
  const rng = Rng.seeded(7);
  const drawn = (length: number): Float32Array<ArrayBuffer> => Float32Array.from({ length }, () => rng.normal());
  const given = { emissions: drawn(B * N * K), transitions: drawn(K * K), start: drawn(K), end: drawn(K) };
  const results = { dEmissions: B * N * K, dTransitions: K * K, dStart: K, dEnd: K } as const;
  const contents: Record<string, Words> = {
    ...given,
    tags: Int32Array.from(batch.tags),
    crfCounts: Int32Array.from(batch.crfCounts),
    state: stateWords(1, {
      accumulate: false,
      inverseSequences: 1,
      stepSize: 0,
      rootCorrection: 1,
      lossScale: 1,
      stream: { seed: 1, step: 1, microBatch: 0 },
    }),
    losses: new Float32Array(B),
    ...Object.fromEntries(Object.entries(results).map(([name, length]) => [name, new Float32Array(length)])),
  };
  const ours = await openRecording(gpu, contents, (recorder, regions) => {
    const region = (name: string): Region => regions[name] as Region;
    const chain = { sequences: B, positions: N, tagCount: K, startEnd: true };
    const weights = { transitions: region('transitions'), start: region('start'), end: region('end') };
    const read = { emissions: region('emissions'), crfCounts: region('crfCounts'), tags: region('tags'), state: region('state') }; // prettier-ignore
    recordCrf(
      recorder,
      chain,
      { ...read, openTags: null, ...weights },
      {
        losses: region('losses'),
        dEmissions: region('dEmissions'),
        gradients: { transitions: region('dTransitions'), start: region('dStart'), end: region('dEnd') },
      },
    );
  });
  const tensors = [
    tf.tensor3d(given.emissions, [B, N, K]),
    tf.tensor2d(given.transitions, [K, K]),
    tf.tensor1d(given.start),
    tf.tensor1d(given.end),
  ];
  const gradients = tf.valueAndGrads((...all: tf.Tensor[]) => {
    const [emissions, transitions, start, end] = all as [tf.Tensor3D, tf.Tensor, tf.Tensor, tf.Tensor];
    const named = new Map([['crf.transitions', transitions], ['crf.start', start], ['crf.end', end]]); // prettier-ignore
    return tf.neg(tf.sum(crfLogLikelihood(emissions, batch, named)));
  });
  return [
    {
      name: `${B} sequences of ${N}, ${K} tags`,
      ours,
      stock: () => void gradients(tensors),
      work: null,
      bytes: null,
      async difference() {
        await ours.run();
        const { value, grads } = tf.tidy(() => gradients(tensors));
        const expected = (await Promise.all([value, ...grads].map((one) => one.data()))) as Float32Array[];
        tf.dispose([value, ...grads]);
        const losses = await ours.read('losses');
        const found = [Float32Array.of(losses.reduce((sum, loss) => sum + loss, 0))];
        for (const name of Object.keys(results)) found.push(await ours.read(name));
        const names = ['loss', ...Object.keys(results)];
        return Object.fromEntries(names.map((name, at) => [name, relativeDifference(found[at] ?? [], expected[at] ?? [])])); // prettier-ignore
      },
    },
  ];
};
