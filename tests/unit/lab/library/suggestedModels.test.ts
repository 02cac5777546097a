// Proves that what is said of each suggested model agrees with the encoder that its configuration describes.
import { describe, expect, it } from 'vitest';
import { configOfSuggested, layerParameters, suggestedModels } from '../../../../src/lab/library/suggestedModels.ts';
import { encoderFacts, encoderOfFile } from '../../../../src/training/importModel.ts';

describe('a suggested model', () => {
  it('has the parameters, layers and width of its configuration, and one entry', () => {
    for (const model of suggestedModels) {
      const { repository, family, parameterCount, layers, hiddenSize, vocabularySize } = model;
      expect([repository, encoderFacts(encoderOfFile(configOfSuggested(model)))]).toMatchObject([
        repository,
        { family, parameterCount, layers, hiddenSize, vocabularySize },
      ]);
    }
    expect(new Set(suggestedModels.map(({ repository }) => repository)).size).toBe(suggestedModels.length);
  });

  it('of BERT base has the 85 million weights in twelve layers that are known of it', () => {
    const base = suggestedModels.find(({ repository }) => repository === 'google-bert/bert-base-cased');
    expect(base && layerParameters(base)).toBeGreaterThan(85_054_464);
    expect(base && layerParameters(base)).toBeLessThan(86_100_000);
  });
});
