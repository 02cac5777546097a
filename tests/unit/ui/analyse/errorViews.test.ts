// Proves how right and wrong mentions are saved, how runs beside each other are named apart, which strata have scores, and where keys lead.
import { describe, expect, it } from 'vitest';
import type { ErrorLine } from '../../../../src/analysis/questions/errorsQuery.ts';
import type { RunSpec } from '../../../../src/schema/runRecord.ts';
import { errorRows } from '../../../../src/ui/analyse/ErrorList.tsx';
import { shortNames } from '../../../../src/ui/analyse/SubjectFields.tsx';
import { stratumValue } from '../../../../src/ui/charts/StrataChart.tsx';
import { rowAfterKey } from '../../../../src/ui/parts/TableBox.tsx';

const gold = { type: 'Decay', start: 1, end: 3 };
const line: ErrorLine = {
  sentence: 4,
  tokens: ['old', 'moss', 'rot', 'spreads'],
  annotated: [gold],
  predicted: [[{ type: 'Decay', start: 2, end: 3, confidence: 0.25 }], []],
  gold,
  findings: [
    { kind: 'boundary', predicted: { type: 'Decay', start: 2, end: 3, confidence: 0.25 } },
    { kind: 'missed', predicted: null },
  ],
  frequency: 2,
};

describe('errorRows', () => {
  it('has a column for all that is known of a mention, for each run', () => {
    const [head, row, spurious] = errorRows([line, { ...line, gold: null, findings: [null, null] }], ['STL', 'MTL-XC']);
    expect(Object.fromEntries((head ?? []).map((name, place) => [name, row?.[place]]))).toEqual({
      sentence: 5,
      annotated: 'moss rot',
      type: 'Decay',
      start: 1,
      end: 3,
      'STL: kind': 'boundary',
      'STL: predicted': 'rot',
      'STL: type': 'Decay',
      'STL: start': 2,
      'STL: end': 3,
      'STL: confidence': 0.25,
      'MTL-XC: kind': 'missed',
      'MTL-XC: predicted': null,
      'MTL-XC: type': null,
      'MTL-XC: start': null,
      'MTL-XC: end': null,
      'MTL-XC: confidence': null,
      'times in training': 2,
      text: 'old moss rot spreads',
    });
    expect([spurious?.[1], spurious?.[5]]).toEqual([null, 'rightly nothing']);
  });
});

describe('shortNames', () => {
  const spec = { method: 'STL', slicing: null, round: 0, seed: 1, model: { id: 'm', name: 'tiny' } } as RunSpec;
  const named = (names: Readonly<Record<string, string>>) => ({
    layersOf: () => 4,
    givenName: (runId: string) => names[runId],
  });
  const naming = named({});

  it('are what two runs differ in, and A and B where they look the same', () => {
    expect(shortNames([spec, { ...spec, method: 'MTL-XC' }], naming)).toEqual(['STL', 'MTL-XC']);
    expect(shortNames([spec, { ...spec, seed: 2 }], naming)).toEqual(['seed 1', 'seed 2']);
    expect(shortNames([spec, { ...spec, seed: 2, method: 'MTL-XC' }], naming)).toEqual([
      'STL · seed 1',
      'MTL-XC · seed 2',
    ]);
    expect(shortNames([spec, spec], naming)).toEqual(['A', 'B']);
    expect(shortNames([spec], naming)).toEqual(['STL · tiny · seed 1']);
  });

  it('are those that a person gave, where they tell the runs apart', () => {
    const [first, second] = [
      { ...spec, id: 'first' },
      { ...spec, id: 'second', seed: 2 },
    ];
    expect(shortNames([first], named({ first: 'Baseline' }))).toEqual(['Baseline']);
    expect(shortNames([first, second], named({ first: 'Baseline' }))).toEqual(['Baseline', 'seed 2']);
    expect(shortNames([first, second], named({ first: 'Same', second: 'Same' }))).toEqual(['A', 'B']);
  });

  it('spell a slicing rate as everything else does', () => {
    const sliced = { ...spec, method: 'MTL-LS', slicing: { layers: 1 } } as RunSpec;
    expect(shortNames([sliced], naming)).toEqual(['MTL-LS 0.25 · tiny · seed 1']);
    expect(shortNames([sliced, spec], naming)).toEqual(['MTL-LS 0.25', 'STL']);
  });
});

describe('stratumValue', () => {
  it('has no score where there is nothing to score', () => {
    const score = { gold: 0, predicted: 3, correct: 0, precision: 0, recall: 0, f1: 0 };
    expect([stratumValue(score, 'precision'), stratumValue(score, 'recall'), stratumValue(score, 'f1')]).toEqual([
      0,
      null,
      0,
    ]);
    expect(stratumValue({ ...score, predicted: 0 }, 'f1')).toBeNull();
  });
});

describe('rowAfterKey', () => {
  it('walks by row, by page and to the ends, and never beyond', () => {
    const from = (place: number) => (key: string) => rowAfterKey(key, { index: place, count: 60, pageSize: 25 });
    expect(['ArrowDown', 'j', 'ArrowUp', 'k', 'PageDown', 'PageUp', 'Home', 'End', 'x'].map(from(30))).toEqual([
      31,
      31,
      29,
      29,
      55,
      5,
      0,
      59,
      null,
    ]);
    expect(['k', 'PageUp'].map(from(0))).toEqual([0, 0]);
    expect(['j', 'PageDown'].map(from(59))).toEqual([59, 59]);
    expect(rowAfterKey('j', { index: 0, count: 0, pageSize: 25 })).toBeNull();
  });
});
