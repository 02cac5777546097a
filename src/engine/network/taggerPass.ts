// Records the whole tagger: loss and gradients of a micro-batch, tags of a batch, the update of a step.
import type { DropoutRates } from '../../model/blocks/dropout.ts';
import { adapterScale } from '../../model/blocks/layerBlocks.ts';
import { familyOf } from '../../model/families/encoderConfig.ts';
import type { TaggerShape } from '../../model/parameters.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import { aligned, part, Recorder, type Launch, type Region, type Resident } from '../gpu/recorder.ts';
import type { AttentionFamily } from '../kernels/attention/attentionScores.ts';
import { recordAddBias, recordColumnSums, recordDropped } from '../kernels/bias.ts';
import { recordCrf, recordViterbi } from '../kernels/crf/crfKernels.ts';
import { recordArgmax, recordHeadRows, recordHeadRowsBackward, recordSoftmaxLoss } from '../kernels/headKernels.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import type { MatmulTuning } from '../kernels/matmul/matmulTuning.ts';
import { partialsOf, recordAdam, recordGradientNorm, recordSquares, recordStepLoss } from '../kernels/updateKernels.ts';
import { recordEmbeddings, recordSharedDistances, recordSharedDistancesBackward } from './embeddings.ts';
import {
  designOf,
  recordFromHalves,
  recordHalves,
  type EncoderPass,
  type Keeping,
  type LayerBlocks,
  type SavedLayer,
} from './encoderPass.ts';
import { recordLayerBackward, recordLayerForward } from './layerPass.ts';
import type { Bank, BatchInputs, ParameterBanks } from './parameterBanks.ts';
import { recordPreNormEncoder } from './preNormLayer.ts';
import { recordRows, rowBlockFor } from './rowsPass.ts';

/** Inputs for recording any pass over a batch of B sequences of T pieces. */
export interface TaggerPass {
  readonly shape: TaggerShape;
  readonly tuning: MatmulTuning;
  readonly attention: AttentionFamily;
  readonly blocks: LayerBlocks;
  readonly banks: ParameterBanks;
  readonly sequences: number;
  readonly pieces: number;
  readonly inputs: BatchInputs;
  /** Distances, before dropout, or angles: see `positionTable`; null for encoders with neither. */
  readonly positionTable: Resident | null;
  readonly state: Resident;
}

const whole = (buffer: Resident): Region => ({ buffer, offset: 0, length: buffer.length });

/** `isTraining`: whether adapters drop what they read. */
function begin(given: TaggerPass, rates: DropoutRates, isTraining: boolean): EncoderPass {
  const recorder = new Recorder();
  const { shape, inputs } = given;
  const state = whole(given.state);
  const design = designOf(shape.encoder);
  const table = given.positionTable && whole(given.positionTable);
  let positions = design.distances === null ? null : table;
  const sites = familyOf(shape.encoder).sites(rates);
  if (positions !== null && sites.position > 0) {
    const out = recorder.temporary('positions', positions.length);
    const drop = { length: positions.length, rate: sites.position, layer: -1, site: 'position' } as const;
    recordDropped(recorder, drop, { x: positions, state }, { out });
    positions = out;
  }
  const { adapters } = shape.encoder;
  const { segmentIds } = inputs.sections;
  const layoutWords = { ...segmentIds, length: aligned(segmentIds.length) + given.sequences };
  const pass = {
    ...given,
    recorder,
    config: shape.encoder,
    adapters: adapters === undefined ? null : { rank: adapters.rank, scale: adapterScale(adapters), rate: isTraining ? adapters.dropout : 0 }, // prettier-ignore
    design,
    sites,
    inputs: inputs.sections,
    state,
    positions,
    angles: design.rotary === null ? null : table,
    layoutWords,
  };
  return { ...pass, distances: recordSharedDistances(pass, table) };
}

const headShape = (pass: EncoderPass) => ({
  hiddenSize: pass.config.hiddenSize,
  layers: pass.config.layers,
  encoderRate: pass.sites.encoderOutput,
  headRate: pass.sites.head,
});

/** Hidden states of the CRF positions [B*T, d] and their emissions [B, T, K]. */
function recordEmissions(pass: EncoderPass, shape: TaggerShape, hidden: Region, emissions: Region): Region {
  const { recorder, tuning, config, banks, inputs, state } = pass;
  const count = pass.sequences * pass.pieces;
  const rows = recorder.temporary('head rows', count * config.hiddenSize);
  recordHeadRows(recorder, { ...headShape(pass), count }, { hidden, rows: inputs.headRows, state }, { out: rows });
  const { tagCount } = shape.head;
  const product = { kind: 'nn', rows: count, columns: tagCount, inner: config.hiddenSize, into: 'write' } as const;
  recordMatmul(recorder, tuning, product, { a: rows, b: banks.weight('head.kernel'), out: emissions });
  const bias = banks.weight('head.bias');
  recordAddBias(recorder, { rows: count, columns: tagCount }, { bias }, { x: emissions });
  return rows;
}

function chainWeights(banks: ParameterBanks, { head }: TaggerShape) {
  return {
    transitions: banks.weight('crf.transitions'),
    start: head.startEnd ? banks.weight('crf.start') : null,
    end: head.startEnd ? banks.weight('crf.end') : null,
  };
}

/**
 * Records loss and gradients of one micro-batch; `keeping` decides what layers save for the backward pass. The gradient of the
 * embedding's bank must be cleared before the first micro-batch of a step; the others are written or added depending on the state.
 */
export function recordGradients(
  given: TaggerPass,
  rates: DropoutRates,
  keeping: Keeping,
  stepLoss: Resident,
): readonly Launch[] {
  const pass = begin(given, rates, true);
  const { recorder, banks } = pass;
  const lowest = banks.lowestTrained;
  const embedded = recordEmbeddings(pass, keeping);
  const { out, backward } = recordEncoder(pass, embedded.out, keeping, lowest);
  const dH = backward(recordHeadGradients(pass, given.shape, out, whole(stepLoss)));
  recordSharedDistancesBackward(pass);
  if (dH !== null) embedded.backward(dH);
  return recorder.launches;
}

/** The layers forward, and how their gradients are recorded; `backward` returns the gradient of their input, null if nothing needs it. */
function recordEncoder(
  pass: EncoderPass,
  embedded: Region,
  keeping: Keeping,
  lowest: number,
): { readonly out: Region; readonly backward: (dOut: Region) => Region | null } {
  const { config } = pass;
  const block = keeping === 'input' ? null : rowBlockFor(pass);
  if (block !== null) {
    const { out, backward } = recordRows(pass, block, embedded);
    return { out, backward: (dOut) => backward(dOut, lowest) };
  }
  if (pass.design.norms === 'before') return recordPreNormEncoder(pass, embedded, keeping, lowest);
  const layers: (() => SavedLayer)[] = [];
  let h = embedded;
  for (let layer = 0; layer < config.layers; layer++) {
    // Backward never revisits a frozen layer.
    if (layer < lowest) {
      h = recordLayerForward(pass, layer, h, false).out;
      continue;
    }
    const { out, again } = recordSavedLayer(pass, layer, h, keeping);
    layers[layer] = again;
    h = out;
  }
  return {
    out: h,
    backward(dOut) {
      let dH: Region | null = dOut;
      for (let layer = config.layers - 1; layer >= Math.max(0, lowest) && dH !== null; layer--) {
        const { h: input, saved } = (layers[layer] as () => SavedLayer)();
        dH = recordLayerBackward(pass, layer, input, saved, dH, layer > lowest);
      }
      return dH;
    },
  };
}

/** Records a layer forward; returns its output and how the backward pass restores the layer's values. */
export function recordSavedLayer(
  pass: EncoderPass,
  layer: number,
  h: Region,
  keeping: Keeping,
): { readonly out: Region; readonly again: () => SavedLayer } {
  const { out, saved } = recordLayerForward(pass, layer, h, keeping !== 'input');
  if (keeping === 'whole') return { out, again: () => ({ h, saved }) };
  if (keeping === 'input') return { out, again: () => ({ h, saved: recordLayerForward(pass, layer, h, true).saved }) };
  const { recorder } = pass;
  const half = (x: Region): (() => Region) => {
    const halves = recordHalves(recorder, { x });
    return () => recordFromHalves(recorder, { halves });
  };
  const input = half(h);
  const { inputs } = saved.attention;
  const qkv = half(inputs.qkv);
  const relative = inputs.relative && { ...inputs.relative, position: half(inputs.relative.position) };
  const context = half(saved.attention.context);
  const attendedSum = half(saved.attended.sum);
  const middle = half(saved.middle);
  const inner = half(saved.inner);
  const fedSum = half(saved.fed.sum);
  return {
    out,
    again: () => ({
      h: input(),
      saved: {
        ...saved,
        attention: {
          ...saved.attention,
          inputs: { ...inputs, qkv: qkv(), relative: relative && { ...relative, position: relative.position() } },
          context: context(),
        },
        attended: { ...saved.attended, sum: attendedSum() },
        middle: middle(),
        inner: inner(),
        fed: { ...saved.fed, sum: fedSum() },
      },
    }),
  };
}

/** Loss and the head's gradients; returns the gradient of the encoder's output [R, d]. */
function recordHeadGradients(pass: EncoderPass, shape: TaggerShape, hidden: Region, stepLoss: Region): Region {
  const { recorder, tuning, config, banks, inputs, state, sequences, pieces } = pass;
  const { tagCount, kind, startEnd } = shape.head;
  const count = sequences * pieces;
  const d = config.hiddenSize;
  const emissions = recorder.temporary('emissions', count * tagCount);
  const rows = recordEmissions(pass, shape, hidden, emissions);
  const losses = recorder.temporary('losses', sequences);
  const dEmissions = recorder.temporary('d emissions', count * tagCount);
  const chain = { sequences, positions: pieces, tagCount, startEnd };
  const { tags, crfCounts } = inputs;
  if (kind === 'crf') {
    const openTags = shape.head.partial === true ? inputs.openTags : null;
    const transitions = banks.gradient('crf.transitions');
    const ends = {
      start: startEnd ? banks.gradient('crf.start') : null,
      end: startEnd ? banks.gradient('crf.end') : null,
    };
    const gradients = transitions === null ? null : { transitions, ...ends };
    const read = { emissions, tags, openTags, crfCounts, state, ...chainWeights(banks, shape) };
    recordCrf(recorder, chain, read, { losses, dEmissions, gradients });
  } else {
    recordSoftmaxLoss(recorder, chain, { emissions, tags, crfCounts, state }, { losses, dEmissions });
  }
  recordStepLoss(recorder, sequences, { losses, state }, { stepLoss });
  const kernel = banks.gradient('head.kernel');
  const bias = banks.gradient('head.bias');
  if (kernel !== null && bias !== null) {
    const product = { kind: 'tn', rows: d, columns: tagCount, inner: count, into: 'gradient' } as const;
    recordMatmul(recorder, tuning, product, { a: rows, b: dEmissions, out: kernel, state });
    recordColumnSums(recorder, { rows: count, columns: tagCount }, { x: dEmissions, state }, { gradient: bias });
  }
  const dRows = recorder.temporary('d head rows', count * d);
  const product = { kind: 'nt', rows: count, columns: d, inner: tagCount, into: 'write' } as const;
  recordMatmul(recorder, tuning, product, { a: dEmissions, b: banks.weight('head.kernel'), out: dRows });
  const dHidden = recorder.temporary('d hidden', count * d);
  const back = { dOut: dRows, inverse: inputs.headInverse, state };
  recordHeadRowsBackward(recorder, { ...headShape(pass), rows: count }, back, { dHidden });
  return dHidden;
}

/** Tags [B, T] of a batch, without dropout, and the emissions [B, T, K] they come from. */
export function recordPrediction(given: TaggerPass, emissions: Resident, tags: Resident): readonly Launch[] {
  const pass = begin(given, { encoder: 0, attention: 0, head: 0 }, false);
  const { recorder, config, banks, inputs, sequences, pieces } = pass;
  const { tagCount, startEnd, kind } = given.shape.head;
  let h = recordEmbeddings(pass, 'whole').out;
  const block = rowBlockFor(pass);
  if (block !== null) h = recordRows(pass, block, h).out;
  else if (pass.design.norms === 'before') h = recordPreNormEncoder(pass, h, 'input', config.layers).out;
  else for (let layer = 0; layer < config.layers; layer++) h = recordLayerForward(pass, layer, h, false).out;
  recordEmissions(pass, given.shape, h, whole(emissions));
  const chain = { sequences, positions: pieces, tagCount, startEnd };
  const read = { emissions: whole(emissions), crfCounts: inputs.crfCounts };
  if (kind === 'crf')
    recordViterbi(recorder, chain, { ...read, ...chainWeights(banks, given.shape) }, { tags: whole(tags) });
  else recordArgmax(recorder, chain, read, { tags: whole(tags) });
  return recorder.launches;
}

/** Records clipping by the global norm, then Adam over every trained arena; pending += [loss, norm]. */
export function recordUpdate(
  banks: ParameterBanks,
  config: Pick<TrainingConfig, 'adam' | 'clipNorm'>,
  factorsOf: (bank: Bank) => { readonly rate: number; readonly gradient: number },
  buffers: {
    readonly state: Resident;
    readonly stepLoss: Resident;
    readonly clip: Resident;
    readonly pending: Resident;
  },
): readonly Launch[] {
  const recorder = new Recorder();
  const trained = banks.arenas.filter((arena) => arena.trained !== null);
  const indices = trained.map(({ length }) => partialsOf(length));
  const partials = recorder.temporary(
    'partial norms',
    indices.reduce((sum, length) => sum + length, 0),
  );
  let at = 0;
  for (const [index, { length, trained: own }] of trained.entries()) {
    if (own === null) continue;
    const place = part(partials, at, indices[index] as number);
    recordSquares(recorder, { length }, { gradient: whole(own.gradient) }, { partials: place });
    at += indices[index] as number;
  }
  const { state, stepLoss, clip, pending } = buffers;
  const read = { partials, stepLoss: whole(stepLoss), state: whole(state) };
  recordGradientNorm(recorder, { partials: partials.length, clipNorm: config.clipNorm }, read, {
    clip: whole(clip),
    pending: whole(pending),
  });
  const { beta1, beta2, epsilon } = config.adam;
  for (const arena of trained) {
    if (arena.trained === null) continue;
    const segments = arena.banks.map((bank) => {
      const { rate, gradient } = factorsOf(bank);
      return { length: bank.length, rateFactor: rate, gradientFactor: gradient };
    });
    const { gradient, first, second } = arena.trained;
    recordAdam(
      recorder,
      { beta1, beta2, epsilon, segments },
      { gradient: whole(gradient), clip: whole(clip), state: whole(state) },
      { parameter: whole(arena.parameter), first: whole(first), second: whole(second) },
    );
  }
  return recorder.launches;
}
