// Proves layer slicing: at every k the embedding and layers below k come from MTL-XC, all others from pretraining, bit for bit.
import { describe, expect, it } from 'vitest';
import type { HostParameters } from '../../../src/model/blocks/parameterLocation.ts';
import type { BertConfig } from '../../../src/model/families/bert.ts';
import type { XlnetConfig } from '../../../src/model/families/xlnet.ts';
import { newEncoder, newHead } from '../../../src/model/parameters.ts';
import { isFrozen, slicedEncoder } from '../../../src/training/startWeights.ts';

const config: XlnetConfig = {
  family: 'xlnet',
  layers: 4,
  hiddenSize: 8,
  heads: 2,
  headSize: 4,
  innerSize: 12,
  vocabularySize: 20,
  activation: 'gelu',
  layerNormEpsilon: 1e-12,
  clampLength: null,
  initializerRange: 0.2,
};

const pretrained = newEncoder(config, 1);
// As after a run: layer norms and biases changed too, and a head beside the encoder.
const mtlXc: HostParameters = new Map(
  [...newEncoder(config, 2), ...newHead(config, { tagCount: 5, kind: 'crf', startEnd: true }, 2)].map(
    ([name, { shape, values }]) => [name, { shape, values: values.map((value) => value + 0.5) }],
  ),
);
const STACKED = /attention\.(contentBias|positionBias|segmentBias|segmentEmbedding)$/;

describe.each(['perLayer', 'released'] as const)('biases %s', (biases) => {
  it.each([0, 1, 2, 3, 4])('k = %i of 4', (layers) => {
    const sliced = slicedEncoder(pretrained, mtlXc, { layers, biases, frozen: false });
    expect([...sliced.keys()]).toEqual([...pretrained.keys()]);
    for (const [name, { values }] of sliced) {
      const layer = /^layer\.(\d+)\./.exec(name)?.[1];
      const shared = layer === undefined || Number(layer) < layers || (biases === 'released' && STACKED.test(name));
      expect(values, name).toEqual((shared ? mtlXc : pretrained).get(name)?.values);
    }
  });
});

it('at rate 0 with released biases the released code restores 5 variables: embedding and the four stacked ones', () => {
  const sliced = slicedEncoder(pretrained, mtlXc, { layers: 0, biases: 'released', frozen: false });
  const shared = [...sliced]
    .filter(([name, tensor]) => tensor === mtlXc.get(name))
    .map(([name]) => name.replace(/^layer\.\d+\./, ''));
  expect(new Set(shared).size).toBe(5);
});

it('at rate 0 a BERT shares everything before its first layer, and no layer whatever the biases', () => {
  const { clampLength: _, ...sizes } = config;
  const bert: BertConfig = { ...sizes, family: 'bert', positions: 16, segments: 2 };
  const [own, other] = [newEncoder(bert, 1), newEncoder(bert, 2)];
  for (const biases of ['released', 'perLayer'] as const) {
    const sliced = slicedEncoder(own, other, { layers: 0, biases, frozen: false });
    const shared = [...sliced].filter(([name, tensor]) => tensor === other.get(name)).map(([name]) => name);
    expect(shared).toEqual([
      ...['embedding', 'embedding.position', 'embedding.segment', 'embedding.norm.scale', 'embedding.norm.shift'],
    ]);
    expect(sliced.size).toBe(5 + 4 * 16);
  }
});

it('frozen: embedding and layers below k, never the head or the layers above', () => {
  const slicing = { layers: 2, biases: 'released', frozen: true } as const;
  const frozen = [...mtlXc.keys()].filter((name) => isFrozen(name, slicing));
  expect(frozen.every((name) => name === 'embedding' || /^layer\.[01]\./.test(name))).toBe(true);
  expect(frozen).toHaveLength(1 + 2 * 17);
  expect(isFrozen('embedding', { ...slicing, frozen: false })).toBe(false);
  expect(isFrozen('embedding', null)).toBe(false);
});
