// The few numbers that change between micro-batches, as kernels read them.
import {
  DROPOUT_SITES,
  dropoutKey,
  type DropoutRates,
  type DropoutSite,
  type DropoutStream,
} from '../../model/blocks/dropout.ts';

/** Words of the state buffer (`array<u32>`); those marked f32 hold its bits. */
export const STATE = {
  /** 0 for the first micro-batch of a step, whose gradients are written; 1 for later ones, whose gradients are added. */
  accumulate: 0,
  /** f32: 1 / sequences of the whole step. */
  inverseSequences: 1,
  /** f32: learning rate of the head at this step times Adam's bias corrections. */
  stepSize: 2,
  /** f32: the divisor of sqrt(v). */
  rootCorrection: 3,
  /** f32: factor on the loss, undone before clipping. */
  lossScale: 4,
  /** First dropout key; see `keyWord`. */
  keys: 8,
} as const;

const SITES = Object.keys(DROPOUT_SITES).length;

/** Returns the word of the state with the dropout key of a site; layers count from -1, as in `dropoutKey`. */
export function keyWord(layer: number, site: DropoutSite): number {
  return STATE.keys + (layer + 1) * SITES + DROPOUT_SITES[site];
}

/** Words of the state for an encoder with this many layers: layers -1 to `layers` have keys. */
export function stateLength(layers: number): number {
  return STATE.keys + (layers + 2) * SITES;
}

export interface StepState {
  readonly accumulate: boolean;
  readonly inverseSequences: number;
  readonly stepSize: number;
  readonly rootCorrection: number;
  readonly lossScale: number;
  readonly stream: DropoutStream;
}

export function stateWords(layers: number, state: StepState): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(stateLength(layers));
  const floats = new Float32Array(words.buffer);
  words[STATE.accumulate] = state.accumulate ? 1 : 0;
  floats[STATE.inverseSequences] = state.inverseSequences;
  floats[STATE.stepSize] = state.stepSize;
  floats[STATE.rootCorrection] = state.rootCorrection;
  floats[STATE.lossScale] = state.lossScale;
  for (let layer = -1; layer <= layers; layer++) {
    for (const site of Object.keys(DROPOUT_SITES) as DropoutSite[]) {
      words[keyWord(layer, site)] = dropoutKey(state.stream, layer, site);
    }
  }
  return words;
}

/** Whether any of the rates is above 0. */
export function drops(rates: DropoutRates): boolean {
  return rates.encoder > 0 || rates.attention > 0 || rates.head > 0;
}
