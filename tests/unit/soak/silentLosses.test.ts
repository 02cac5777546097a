// Proves that corpora in any form are read whole or with a remark, and that the question would find a silent loss.
import { describe, expect, it } from 'vitest';
import { inputSources } from '../../../soak/formsSoak.ts';
import { rowForms } from '../../../soak/rowForms.ts';
import { drawInput, findSilentLosses } from '../../../soak/silentLosses.ts';

describe.each(inputSources.map((source) => [source.name, source] as const))('%s', (_, source) => {
  it('in any form lose nothing silently', { timeout: 60_000 }, () => {
    const { whole, reported, silent } = findSilentLosses(source, 300, 2022);
    expect(silent).toEqual([]);
    expect(whole + reported).toBe(300);
    expect(whole).toBeGreaterThan(150);
  });
});

describe('the question', () => {
  it('finds annotation that a file does not have, and draws its input again', () => {
    const lossy = {
      name: 'lossy',
      draw: () => {
        const input = {
          files: [{ path: 'fen/train.tsv', bytes: new TextEncoder().encode('fen\tB-Place\nrots\tO\n') }],
        };
        const mentions = [
          { type: 'Place', start: 0, end: 1 },
          { type: 'Event', start: 1, end: 2 },
        ];
        return {
          ...input,
          sentences: { train: [{ tokens: ['fen', 'rots'], mentions }], devel: [], test: [] },
          changes: ['none'],
        };
      },
    };
    expect(findSilentLosses(lossy, 2, 1)).toEqual({
      whole: 0,
      reported: 0,
      silent: [0, 1].map((index) => ({
        source: 'lossy',
        index,
        changes: ['none'],
        expected: 'train: fen rots [Place 0-1, Event 1-2]',
        got: 'train: fen rots [Place 0-1]',
      })),
    });
    expect(drawInput(rowForms, 1, 7)).toEqual(drawInput(rowForms, 1, 7));
  });
});
