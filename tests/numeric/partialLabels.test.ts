// Proves that the CRF on partial labels and on the tags of asked types, plain and of the engine on the processor, is the sum over the paths that agree.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe } from 'vitest';
import { Recorder, type Region, type Resident } from '../../src/engine/gpu/recorder.ts';
import { ProcessorMachine } from '../../src/engine/processor/processorMachine.ts';
import { compileProcessorModule } from '../../src/engine/processor/processorModule.ts';
import { crfLogLikelihood } from '../../src/model/tagger.ts';
import { itLearnsFromAskedLabels } from '../fixtures/askedChains.ts';
import { itLearnsFromPartialLabels, type ChainLosses, type PartialChains } from '../fixtures/partialChains.ts';
import { recordChains } from '../fixtures/recordedChains.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Losses and gradients by autodiff through `model/tagger`. */
function plainLosses(chains: PartialChains): Promise<ChainLosses> {
  const { counts, positions, tagCount: K, startEnd, openTags, emissions, tags, crfCounts } = chains;
  const clean = emissions.map((value) => (Number.isNaN(value) ? 0.5 : value));
  const batch = { tags: tags.map((tag) => Math.max(tag, -1)), crfCounts, ...(openTags === null ? {} : { openTags }) };
  const losses = ([e, a, s, t]: tf.Tensor[]): tf.Tensor1D => {
    const named = new Map<string, tf.Tensor>([['crf.transitions', a as tf.Tensor]]);
    if (startEnd) named.set('crf.start', s as tf.Tensor).set('crf.end', t as tf.Tensor);
    return tf.neg(crfLogLikelihood(e as tf.Tensor3D, batch, named));
  };
  const tensors: tf.Tensor[] = [
    tf.tensor3d(clean, [counts.length, positions, K]),
    tf.tensor2d(chains.transitions, [K, K]),
    tf.tensor1d(chains.start),
    tf.tensor1d(chains.end),
  ];
  const summed = (...all: tf.Tensor[]): tf.Scalar => {
    // Unused states still need a gradient: 0.
    const unused = tf.mul(0, tf.add(tf.sum(all[2] as tf.Tensor), tf.sum(all[3] as tf.Tensor)));
    return tf.add(tf.sum(losses(all)), unused);
  };
  const [dEmissions, dTransitions, dStart, dEnd] = tf
    .tidy(() => tf.grads(summed)(tensors))
    .map((gradient) => gradient.dataSync() as Float32Array) as [Float32Array, Float32Array, Float32Array, Float32Array];
  return Promise.resolve({ losses: losses(tensors).dataSync(), dEmissions, dTransitions, dStart, dEnd });
}

async function processorLosses(chains: PartialChains): Promise<ChainLosses> {
  const { inputs, outputs, record } = recordChains(chains);
  const machine = new ProcessorMachine(await compileProcessorModule({ relaxed: false, shared: false }));
  const residents = new Map<string, Resident>();
  const lengths = {
    ...Object.fromEntries(Object.entries(inputs).map(([name, { length }]) => [name, length])),
    ...outputs,
  };
  for (const [label, length] of Object.entries(lengths)) residents.set(label, { kind: 'resident', label, length });
  for (const [name, words] of Object.entries(inputs)) machine.write(residents.get(name) as Resident, words);
  const recorder = new Recorder();
  const regions = [...residents].map(([name, buffer]): [string, Region] => [name, { buffer, offset: 0, length: buffer.length }]); // prettier-ignore
  record(recorder, Object.fromEntries(regions));
  const plan = await machine.compile(recorder.launches);
  await plan.run();
  const found: Record<string, Float32Array> = {};
  for (const name of Object.keys(outputs)) found[name] = await machine.read(residents.get(name) as Resident);
  plan.release();
  machine.release();
  return found as unknown as ChainLosses;
}

describe('the plain network', () => {
  itLearnsFromPartialLabels(plainLosses, 1e-4);
  itLearnsFromAskedLabels(plainLosses, 1e-4);
});
describe('the engine on the processor', () => {
  itLearnsFromPartialLabels(processorLosses, 2e-5);
  itLearnsFromAskedLabels(processorLosses, 2e-5);
});
