// Proves that every setting is shown once, and that a search finds settings by the words of their texts.
import { describe, expect, it } from 'vitest';
import { configSectionsFor, otherSections } from '../../../../src/ui/train/ConfigForm.tsx';
import { configFields, FREQUENT_SETTINGS } from '../../../../src/ui/train/configFields.ts';

const found = (search: string): readonly string[] =>
  otherSections(null, search).flatMap(({ fields }) => fields.map(({ path }) => path));

describe('the settings of a run', () => {
  it('are either frequent or among the others', () => {
    const shown = [...FREQUENT_SETTINGS, ...found('')].sort();
    expect(shown).toEqual(configFields.map(({ path }) => path).sort());
  });

  it('are each explained', () => {
    const explained = configSectionsFor(null).flatMap(({ fields }) => fields);
    expect(explained.map(({ path }) => path)).toEqual(configFields.map(({ path }) => path));
    expect(explained.filter(({ help }) => help === '')).toEqual([]);
  });
});

describe('a search', () => {
  it.each([
    ['adam', ['adam.beta1', 'adam.beta2', 'adam.epsilon']],
    ['  Released   CODE rate ', ['layerDecay.mode']],
    ['near duplicates', ['leaveOut']],
    ['lora', ['adapters.projections', 'adapters.rank', 'adapters.alpha', 'adapters.dropout']],
    ['maxPieces', ['maxPieces']],
    ['epochs', ['steps']],
    ['no such words', []],
  ])('for “%s” finds %j', (search, paths) => {
    expect(found(search)).toEqual(expect.arrayContaining(paths));
    if (paths.length === 0) expect(found(search)).toEqual([]);
  });

  it('leaves out sections in which it finds nothing, and what is shown already', () => {
    expect(otherSections(null, 'dropout').map(({ id }) => id)).toEqual(['dropout', 'adapters']);
    expect(found('learning rate')).not.toContain('learningRate');
  });
});
