// Proves that every preset is a valid configuration and matches its source.
import { describe, expect, it } from 'vitest';
import { presets } from '../../../../src/lab/plans/presets.ts';
import { trainingConfigSchema } from '../../../../src/schema/config.ts';

describe('presets', () => {
  it.each(Object.entries(presets))('%s is valid', (_name, { config }) => {
    expect(trainingConfigSchema.parse(config)).toEqual(config);
  });

  it('quick is the setting of the published PyTorch table for the built-in model', () => {
    expect(presets.quick.config).toMatchObject({
      labelMode: 'first',
      maxPieces: 128,
      specials: 'sep-cls',
      batchSize: 32,
      learningRate: 5e-4,
      layerDecay: { mode: 'rate', factor: 0.9 },
      adam: { epsilon: 1e-6, epsilonForm: 'standard' },
      clipNorm: 1,
      dropout: { encoder: 0, head: 0.1 },
      epochs: 3,
    });
  });

  it('normal is quick with more epochs', () => {
    expect(presets.normal.config).toEqual({ ...presets.quick.config, epochs: 10 });
  });

  it('paper is the rate, decay, label mode, CRF and rounds of the paper', () => {
    expect(presets.paper.config).toMatchObject({
      labelMode: 'x',
      crfStartEnd: true,
      learningRate: 3e-5,
      warmupSteps: 0,
      layerDecay: { mode: 'rate', factor: 0.9 },
      epochs: 30,
      snapshots: 5,
    });
    expect(presets.paper.rounds).toEqual({ count: 3, epochs: 30 });
  });

  it('released is the published code where it differs from the paper', () => {
    expect(presets.released.config).toMatchObject({
      labelMode: 'first',
      lowerCase: true,
      layout: 'packed',
      maxPieces: 512,
      specials: 'sep-sep-cls',
      specialsInLoss: true,
      crfStartEnd: false,
      batchSize: 6,
      steps: 4500,
      learningRate: 2e-5,
      layerDecay: { mode: 'gradient', factor: 0.9 },
      adam: { epsilonForm: 'hat' },
      dropout: { encoder: 0.05, attention: 0.05, head: 0.05 },
    });
    expect(presets.released.rounds.count).toBe(0);
  });
});
