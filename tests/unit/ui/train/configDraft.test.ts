// Proves that the form shows every setting of a run, gives each back unchanged, and says in the field what is wrong with an entry.
import { describe, expect, it } from 'vitest';
import { presets } from '../../../../src/lab/plans/presets.ts';
import type { TrainingConfig } from '../../../../src/schema/config.ts';
import { configFields } from '../../../../src/ui/train/configFields.ts';
import { changedPaths, draftOfConfig, readConfigDraft } from '../../../../src/ui/train/planDraft.ts';
import { spec } from '../../../fixtures/records.ts';

const paper = presets.paper.config;

function leaves(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    typeof member === 'object' && member !== null ? leaves(member, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

describe('configFields', () => {
  it('has one field for every setting and none besides', () => {
    const adapters = { projections: 'query-value', rank: 8, alpha: 16, dropout: 0 } as const;
    const dropout: Required<TrainingConfig['dropout']> = { ...paper.dropout, words: 0.05, masks: 'sequence' };
    const whole: Required<TrainingConfig> = { ...paper, dropout, leaveOut: 'exact', trainShare: 0.5, adapters };
    expect(configFields.map(({ path }) => path).sort()).toEqual(leaves(whole).sort());
  });

  it('labels every field differently', () => {
    expect(new Set(configFields.map(({ label }) => label)).size).toBe(configFields.length);
  });
});

describe('configDraft', () => {
  it.each(Object.entries(presets))('gives the preset %s back unchanged', (_, { config }) => {
    expect(readConfigDraft(draftOfConfig(config)).config).toEqual(config);
  });

  it('keeps small rates and an absent clip norm through the text of the form', () => {
    const config = { ...paper, learningRate: 1.25e-7, clipNorm: null };
    expect(readConfigDraft(draftOfConfig(config)).config).toEqual(config);
  });

  it('leaves a setting that is not made absent, so that a run keeps the id it had before there was one', () => {
    const leaving = { ...draftOfConfig(paper), leaveOut: 'near', trainShare: '0.25' };
    const { config } = readConfigDraft(leaving);
    expect(config).toStrictEqual({ ...paper, leaveOut: 'near', trainShare: 0.25 });
    expect([...changedPaths(leaving, paper)]).toEqual(['trainShare', 'leaveOut']);
    const again = readConfigDraft({ ...leaving, leaveOut: '', trainShare: ' ' }).config;
    expect(again).toStrictEqual(paper);
    expect([
      spec({ config: again ?? paper }).id,
      spec({ config: config ?? paper }).id === spec({ config: paper }).id,
    ]).toEqual([spec({ config: paper }).id, false]);
  });

  it('fills what is not entered of adapters, and says where their projections are missing', () => {
    const chosen = { ...draftOfConfig(paper), 'adapters.projections': 'all-linear', 'adapters.rank': '4' };
    const adapters = { projections: 'all-linear', rank: 4, alpha: 16, dropout: 0 };
    expect(readConfigDraft(chosen).config).toStrictEqual({ ...paper, adapters });
    expect([...changedPaths(chosen, paper)]).toEqual(['adapters.projections', 'adapters.rank']);
    const { config, problems } = readConfigDraft({ ...chosen, 'adapters.projections': '' });
    expect(config).toBeNull();
    expect([...problems.keys()]).toEqual(['adapters.projections']);
    expect(problems.get('adapters.projections')).toContain('Choose');
  });

  it.each([
    ['epochs', '0', 'Must be at least 1.'],
    ['epochs', '2.5', 'Enter a whole number.'],
    ['epochs', '', 'Enter a number.'],
    ['learningRate', '0', 'Must be more than 0.'],
    ['learningRate', '3e-5x', 'Enter a number.'],
    ['learningRate', '2', 'Must be at most 1.'],
    ['dropout.head', '1', 'Must be less than 1.'],
    ['trainShare', '0', 'Must be more than 0.'],
    ['trainShare', '1', 'Must be less than 1.'],
    ['clipNorm', '-1', 'Must be more than 0.'],
    ['microBatchSize', '7', 'Must not exceed the batch size.'],
  ])('says at %s what is wrong with "%s"', (path, entry, problem) => {
    const { config, problems } = readConfigDraft({ ...draftOfConfig(paper), [path]: entry });
    expect(config).toBeNull();
    expect([...problems]).toEqual([[path, problem]]);
  });

  it('marks the settings that differ in value, not in how they are written', () => {
    const draft = { ...draftOfConfig(paper), learningRate: '0.00003', epochs: '31', lowerCase: !paper.lowerCase };
    expect([...changedPaths(draft, paper)].sort()).toEqual(['epochs', 'lowerCase']);
  });
});
