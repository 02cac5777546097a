// Proves which encoders the engine computes, and that a misfit is named before any kernel of it is made.
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../../src/engine/gpu/recorder.ts';
import { computeOptionsFor, engineMisfit } from '../../../../src/engine/network/computeOptions.ts';
import { TaggerEngine, type EngineOptions } from '../../../../src/engine/network/taggerEngine.ts';
import type { BertConfig } from '../../../../src/model/families/bert.ts';
import { smallConfig } from '../../../fixtures/records.ts';

function bert(headSize: number, heads = 2, innerSize = 32): BertConfig {
  return {
    family: 'bert',
    layers: 1,
    hiddenSize: heads * headSize,
    heads,
    headSize,
    innerSize,
    vocabularySize: 20,
    activation: 'gelu',
    layerNormEpsilon: 1e-12,
    initializerRange: 0.02,
    positions: 16,
    segments: 2,
  };
}

describe('engineMisfit', () => {
  it.each([4, 8, 12, 64])('is null for heads of %i', (headSize) => {
    expect(engineMisfit(bert(headSize))).toBeNull();
  });

  it.each([1, 6, 7, 33, 34])('names heads of %i and why', (headSize) => {
    const reason = engineMisfit(bert(headSize, 4));
    expect(reason).toContain(`head size ${headSize}`);
    expect(reason).toContain('multiples of 4');
    expect(reason).not.toContain('hidden size');
  });

  it('names every size that does not fit', () => {
    expect(engineMisfit(bert(33, 2, 30))).toContain('hidden size 66 and head size 33 and inner size 30');
    expect(engineMisfit(bert(8, 2, 30))).toContain('has inner size 30;');
  });
});

it('the engine refuses such an encoder by name, before it touches the device', () => {
  const options: EngineOptions = {
    ...computeOptionsFor({ software: true }),
    shape: { encoder: bert(33), head: { tagCount: 3, kind: 'crf', startEnd: true } },
    config: smallConfig,
    trained: () => true,
    factorsOf: () => ({ rate: 1, gradient: 1 }),
  };
  const untouched = {} as Machine;
  expect(() => new TaggerEngine(untouched, options)).toThrow(
    expect.objectContaining({ code: 'engine/sizes' }) as Error,
  );
});
