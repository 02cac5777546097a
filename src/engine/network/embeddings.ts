// Records the embeddings, forward and backward: one row of XLNet's table per piece; in BERT three rows summed and normalised.
import type { NormedEmbedding } from '../../model/blocks/encoderFamily.ts';
import { EMBEDDING } from '../../model/blocks/parameterLocation.ts';
import type { Region } from '../gpu/recorder.ts';
import { recordDropped } from '../kernels/dropoutKernel.ts';
import {
  recordEmbedding,
  recordEmbeddingGradient,
  recordEmbeddingNorm,
  recordPositionGradient,
  recordSegmentGradient,
} from '../kernels/embedding.ts';
import { recordResidualNormBackward, recordResidualNormGradients } from '../kernels/residualNorm.ts';
import type { EncoderPass, NormSaved } from './encoderPass.ts';
import type { Keeping } from './savedLayer.ts';

const NAMES = {
  position: `${EMBEDDING}.position`,
  segment: `${EMBEDDING}.segment`,
  scale: `${EMBEDDING}.norm.scale`,
  shift: `${EMBEDDING}.norm.shift`,
} as const;

export interface RecordedEmbeddings {
  /** The first layer's input [R, d]. */
  readonly out: Region;
  /**
   * Records the gradients of everything before the first layer from that of `out`; nothing if frozen. Those of tables are added:
   * the bank's gradient is cleared at the start of a step.
   */
  readonly backward: (dOut: Region) => void;
}

/** `keeping` decides whether the values for the backward pass are stored or recomputed; in f16 nothing is stored. */
export function recordEmbeddings(pass: EncoderPass, keeping: Keeping): RecordedEmbeddings {
  const { embedding } = pass.design;
  if (embedding.kind === 'words') {
    return { out: recordRows(pass), backward: (dOut) => recordRowsBackward(pass, dOut, pass.sites.embedding) };
  }
  const { out, saved } = recordNormed(pass, embedding);
  const again = (): NormSaved => (keeping === 'whole' ? saved : recordNormed(pass, embedding).saved);
  return { out, backward: (dOut) => recordNormedBackward(pass, embedding, dOut, again) };
}

/** dropout(table[pieceIds]) */
function recordRows({ recorder, config, sites, banks, inputs, state, sequences, pieces }: EncoderPass): Region {
  const shape = { rows: sequences * pieces, hiddenSize: config.hiddenSize, rate: sites.embedding };
  const out = recorder.temporary('embedded', shape.rows * shape.hiddenSize);
  recordEmbedding(recorder, shape, { table: banks.weight(EMBEDDING), pieceIds: inputs.pieceIds, state }, { out });
  return out;
}

function recordRowsBackward(
  { recorder, config, banks, inputs, state, ...pass }: EncoderPass,
  dOut: Region,
  rate: number,
): void {
  const gradient = banks.gradient(EMBEDDING);
  if (gradient === null) return;
  const { order, starts, ids, uniqueCount } = inputs;
  const shape = { rows: pass.sequences * pass.pieces, hiddenSize: config.hiddenSize, rate };
  recordEmbeddingGradient(recorder, shape, { dOut, order, starts, ids, uniqueCount, state }, { gradient });
}

/** dropout(norm(word + position + segment)) */
function recordNormed(
  pass: EncoderPass,
  { positions, segments }: NormedEmbedding,
): { readonly out: Region; readonly saved: NormSaved } {
  const { recorder, config, sites, banks, state, sequences, pieces } = pass;
  const { hiddenSize, layerNormEpsilon: epsilon } = config;
  const { pieceIds, segmentIds } = pass.inputs;
  const rows = sequences * pieces;
  const out = recorder.temporary('embedded', rows * hiddenSize);
  const saved = {
    sum: recorder.temporary('embedding sum', rows * hiddenSize),
    statistics: recorder.temporary('embedding statistics', rows * 2),
  };
  const shape = { sequences, pieces, hiddenSize, positions, segments, epsilon, rate: sites.embedding };
  const words = banks.weight(EMBEDDING);
  const others = banks.weights(NAMES.position, NAMES.shift);
  recordEmbeddingNorm(recorder, shape, { words, others, pieceIds, segmentIds, state }, { y: out, ...saved });
  return { out, saved };
}

function recordNormedBackward(
  pass: EncoderPass,
  { positions, segments }: NormedEmbedding,
  dOut: Region,
  again: () => NormSaved,
): void {
  const { recorder, config, sites, banks, state, sequences, pieces } = pass;
  const { hiddenSize, layerNormEpsilon: epsilon } = config;
  const rows = sequences * pieces;
  const position = banks.gradient(NAMES.position);
  const segment = banks.gradient(NAMES.segment);
  const norm = banks.gradients(NAMES.scale, NAMES.shift);
  if (position === null || segment === null || norm === null) return;
  const { sum, statistics } = again();
  const site = { layer: -1, site: 'embedding' } as const;
  let dY = dOut;
  if (sites.embedding > 0) {
    dY = recorder.temporary('d embedded', dOut.length);
    recordDropped(recorder, { length: dOut.length, rate: sites.embedding, ...site }, { x: dOut, state }, { out: dY });
  }
  const dSum = recorder.temporary('d embedding sum', rows * hiddenSize);
  const shape = { rows, hiddenSize, epsilon, rate: 0, ...site };
  const scale = banks.weight(NAMES.scale);
  recordResidualNormBackward(recorder, shape, { dY, sum, statistics, scale, state }, { dSum, dX: null });
  const read = { dY, sum, statistics, dX: null, state };
  recordResidualNormGradients(recorder, { rows, hiddenSize }, read, { gradient: norm });
  recordRowsBackward(pass, dSum, 0);
  recordPositionGradient(recorder, { sequences, pieces, positions, hiddenSize }, { dSum }, { gradient: position });
  const bySegment = { dSum, segmentIds: pass.inputs.segmentIds };
  recordSegmentGradient(recorder, { rows, segments, hiddenSize }, bySegment, { gradient: segment });
}
