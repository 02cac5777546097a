// Proves that language models saved by torch under flair's names are read as the network needs them, whatever the pickle's protocol, and that others are refused.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { flairModel, flairPair } from '../../../../src/model/weights/torchTensors.ts';

const folder = path.join(import.meta.dirname, '../../../fixtures/reference');
const fileOf = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(path.join(folder, '../flair', name)));
const { language } = JSON.parse(readFileSync(path.join(folder, 'helpers.json'), 'utf8')) as {
  readonly language: {
    readonly sizes: { readonly size: number; readonly hidden: number; readonly layers: number };
    readonly parameters: Readonly<
      Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
    >;
  };
};

it('reads both models with the characters in one order, a line’s start and a space first', () => {
  const models = ['forward.pt', 'backward.pt'].map((name) => flairModel(name, fileOf(name)));
  const { sizes, characters, weights } = flairPair(models[1] as (typeof models)[0], models[0] as (typeof models)[0]);
  const { size, hidden, layers } = language.sizes;
  expect(sizes).toEqual({ size, hidden, layers });
  expect(characters).toEqual(['\n', ' ', 'a', 'b', 'c', 'µ', 'e']);
  const wanted = Object.entries(language.parameters).filter(([name]) => name.startsWith('embedding.language.'));
  expect(new Set(weights.keys())).toEqual(new Set(wanted.map(([name]) => name)));
  for (const [name, { shape, values }] of wanted) {
    expect(weights.get(name)?.shape, name).toEqual(shape);
    // The row of padding is not in flair's table.
    const from = name.includes('characters') ? size : 0;
    const found = weights.get(name)?.values.slice(from) ?? [];
    values
      .slice(from)
      .forEach((value, index) => expect(Math.abs(value - (found[index] ?? NaN)), name).toBeLessThan(1e-6));
  }
});

it('refuses two models of one direction, a file that is cut off, and other files of torch', () => {
  const forward = flairModel('forward.pt', fileOf('forward.pt'));
  expect(() => flairPair(forward, forward)).toThrow('do not belong together');
  expect(() => flairModel('cut.pt', fileOf('forward.pt').slice(0, 2000))).toThrow();
  const altered = fileOf('forward.pt');
  const text = new TextDecoder('latin1').decode(altered);
  // The same length, so that nothing else changes; the checksum of the archive does not fit any more.
  altered.set(new TextEncoder().encode('is_forward_xx'), text.indexOf('is_forward_lm'));
  expect(() => flairModel('altered.pt', altered)).toThrow();
});
