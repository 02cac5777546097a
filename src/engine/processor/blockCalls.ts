// Translates the launches of attention, norms and the head's rows into calls of the processor's kernels.
import { ATTENTION_NUMBERS, attentionScratchBytes } from './attentionKernels.ts';
import { accumulateOf, dropNumbers, kernelCall, type Translation } from './launchGiven.ts';
import { ALWAYS_0 } from './processorMemory.ts';
import { COLUMN_BLOCK } from './columnBlocks.ts';

/** A norm with or without its bias, residual and shift. */
export const norm =
  (kernel: string, { biased = false, hasResidual = true } = {}): Translation =>
  (given) => {
    const { size, address, length } = given;
    const shift = address('scaleShift') + (length('scaleShift') - size('width')) * 4;
    const optional = [biased ? address('bias') : 0, hasResidual ? address('residual') : 0];
    const inputs = [address('x'), ...optional, address('scaleShift'), shift];
    const outputs = [address('y'), address('sum'), address('statistics')];
    const drop = hasResidual ? dropNumbers(given) : [ALWAYS_0, 0, 1];
    const numbers = [size('width'), size('epsilon'), ...drop, ...inputs, ...outputs];
    return kernelCall(kernel, size('rows'), numbers);
  };

export const normBackward =
  (drops: boolean): Translation =>
  (given) => {
    const { size, address } = given;
    const drop = drops ? dropNumbers(given) : [ALWAYS_0, 0, 1];
    const names = ['dY', 'sum', 'statistics', 'scale', 'dSum'].map(address);
    const dX = drops ? address('dX') : address('dSum');
    return kernelCall('residualNormBackward', size('rows'), [size('width'), size('epsilon'), ...drop, ...names, dX]);
  };

export const normGradients =
  (kernel: string, biased = false): Translation =>
  (given) => {
    const { size, address } = given;
    const stride = size('stride') * 4;
    const gradient = address('gradient');
    const scale = gradient + (biased ? stride : 0);
    const read = ['dY', 'sum', 'statistics'].map(address);
    const numbers = [size('rows'), size('width'), ...read, biased ? address('dX') : 0, gradient, scale, scale + stride, accumulateOf(given)]; // prettier-ignore
    return kernelCall(kernel, Math.ceil(size('width') / COLUMN_BLOCK), numbers);
  };

export const headRows =
  (kernel: string, source: string, rows: string, out: string): Translation =>
  ({ size, state, address }) => {
    const drops = ['encoder', 'head'].flatMap((site) => [
      state(size(`${site}Key`)),
      size(`${site}Threshold`) | 0,
      size(`${site}Scale`),
    ]);
    const numbers = [size('width'), ...drops, address(source), address(rows), address(out)];
    return kernelCall(kernel, size('count') / size('width'), numbers);
  };

export const attention =
  (terms: 'relative' | 'absolute' | 'disentangled', backward: boolean): Translation =>
  (given) => {
    const { size, address } = given;
    const relative = terms === 'relative';
    const [pieces, headSize] = [size('pieces'), size('headSize')];
    const values: Record<(typeof ATTENTION_NUMBERS)[number], number> = {
      sequences: size('sequences'),
      pieces,
      heads: size('heads'),
      headSize,
      qkv: address('qkv'),
      qkvStride: size('qkvStride') * 16,
      segments: address('layoutWords'),
      counts: address('layoutWords') + size('countsAt') * 4,
      position: relative ? address('position') : 0,
      biases: relative ? address('biases') : 0,
      biasStride: size('biasStride') * 16,
      scale: size('scale'),
      keyAt: given.state(size('key')),
      threshold: size('threshold') | 0,
      keepScale: size('keepScale'),
      window: size('window'),
      context: address('context'),
      logSumExp: address('logSumExp'),
    };
    const numbers = ATTENTION_NUMBERS.map((name) => values[name]);
    const scratchBytes = attentionScratchBytes(pieces, headSize);
    if (terms === 'disentangled') {
      numbers.push(address('distances'), size('distanceStride') * 16);
      if (backward) numbers.push(address('dContext'), address('dQkv'), address('dDistances'));
      const units = size('heads') * (backward ? 1 : size('sequences'));
      return kernelCall(`disentangledAttention${backward ? 'Backward' : ''}`, units, numbers, scratchBytes);
    }
    const suffix = relative ? '' : 'Absolute';
    if (!backward) return kernelCall(`attention${suffix}`, size('sequences') * size('heads'), numbers, scratchBytes);
    const gradients = relative ? [address('dPosition'), address('dBiases')] : [0, 0];
    numbers.push(address('dContext'), address('dQkv'), ...gradients, accumulateOf(given));
    return kernelCall(`attentionBackward${suffix}`, size('heads'), numbers, scratchBytes);
  };
