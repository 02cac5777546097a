// Compares the tagger in plain tfjs ops with a reference case: hidden states, emissions, loss, gradients and Viterbi paths.
import * as tf from '@tensorflow/tfjs';
import { disposeParameters, uploadParameters, type DeviceParameters } from '../../src/model/blocks/layerBlocks.ts';
import type { HostTensor } from '../../src/model/blocks/parameterLocation.ts';
import { viterbi } from '../../src/model/chainPaths.ts';
import { crfLogLikelihood, emissions, encoderStates, pieceEmissions, summedLoss } from '../../src/model/tagger.ts';
import {
  compare,
  readReferenceCase,
  sumTolerance,
  type ParityRow,
  type ReferenceCase,
  type ReferenceFiles,
} from './referenceCase.ts';

const NO_DROPOUT = { encoder: 0, attention: 0, head: 0 };

/** Runs on the current tfjs backend. */
export async function compareWithReference(files: ReferenceFiles): Promise<readonly ParityRow[]> {
  const known = readReferenceCase(files);
  const parameters = uploadParameters(known.host);
  const rows = [
    ...(await forwardRows(known, parameters)),
    ...(await gradientRows(known, parameters)),
    await viterbiRow(known, parameters),
  ];
  disposeParameters(parameters);
  return rows;
}

async function forwardRows(
  { batch, shape, has, expected, isReal }: ReferenceCase,
  parameters: DeviceParameters,
): Promise<readonly ParityRow[]> {
  const [scores, likelihood, ...states] = tf.tidy(() => {
    const hidden = encoderStates(batch, parameters, shape.encoder, NO_DROPOUT, null);
    const perPiece = pieceEmissions(hidden.at(-1) as tf.Tensor2D, parameters, shape, NO_DROPOUT, null);
    const chain: tf.Tensor3D = tf.reshape(perPiece, [batch.size, batch.pieces, shape.head.tagCount]);
    return [perPiece, crfLogLikelihood(chain, batch, parameters), ...hidden] as const;
  }) as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
  const rows: ParityRow[] = [];
  for (const [layer, state] of states.entries()) {
    const name = `hidden.${layer}`;
    rows.push(compare(name, await state.data(), expected(name), 'forward', isReal(shape.encoder.hiddenSize)));
  }
  if (has('last_hidden')) {
    const last = await (states.at(-1) as tf.Tensor).data();
    rows.push(compare('last_hidden', last, expected('last_hidden'), 'forward', isReal(shape.encoder.hiddenSize)));
  }
  rows.push(
    compare('emissions', await scores.data(), expected('emissions'), 'forward', isReal(shape.head.tagCount)),
    compare('log_likelihood', await likelihood.data(), expected('log_likelihood'), 'sum'),
  );
  tf.dispose([...states, scores, likelihood]);
  return rows;
}

async function gradientRows(
  { batch, shape, expected, expectedGradient }: ReferenceCase,
  parameters: DeviceParameters,
): Promise<readonly ParityRow[]> {
  const names = [...parameters.keys()];
  const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
    const named = new Map(names.map((name, index) => [name, tensors[index] as tf.Tensor]));
    return tf.div(summedLoss(batch, named, shape, NO_DROPOUT, null), batch.size);
  };
  const { value, grads } = tf.valueAndGrads(loss)([...parameters.values()]);
  const rows = [compare('loss', await value.data(), expected('loss'), 'sum')];
  for (const [index, name] of names.entries()) {
    const theirs = expectedGradient(name);
    rows.push(compare(`gradient of ${name}`, await (grads[index] as tf.Tensor).data(), theirs, 'gradient'));
  }
  tf.dispose([value, grads]);
  return rows;
}

async function viterbiRow(
  { batch, shape, host, viterbi: expected }: ReferenceCase,
  parameters: DeviceParameters,
): Promise<ParityRow> {
  const scores = tf.tidy(() => emissions(batch, parameters, shape, NO_DROPOUT, null));
  const values = (await scores.data()) as Float32Array;
  scores.dispose();
  const weight = (name: string): Float32Array => (host.get(name) as HostTensor).values;
  const chain = { transitions: weight('crf.transitions'), start: weight('crf.start'), end: weight('crf.end') };
  let differing = 0;
  let absolute = 0;
  let isNear = true;
  for (const [b, { path, score }] of expected.entries()) {
    const from = b * batch.positions * shape.head.tagCount;
    const found = viterbi(values.subarray(from), path.length, shape.head.tagCount, chain);
    if (found.tags.join() !== path.join()) differing++;
    const difference = Math.abs(found.score - score);
    absolute = Math.max(absolute, difference);
    isNear &&= difference <= sumTolerance(score);
  }
  const name =
    differing === 0 ? 'Viterbi paths agree; score' : `Viterbi: ${differing} of ${expected.length} paths differ; score`;
  return { name, absolute, relative: 0, passed: differing === 0 && isNear };
}
