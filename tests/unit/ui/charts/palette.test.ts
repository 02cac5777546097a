// Proves that every mark of a chart stands out from paper and ground at 3:1, and every line of text at 4.5:1, in both themes.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rateStyle, seriesStyle } from '../../../../src/ui/charts/chartStyle.ts';

const css = readFileSync(new URL('../../../../src/ui/app/theme.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');

function coloursOf(theme: string): ReadonlyMap<string, string> {
  return new Map(
    [...theme.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name = '', colour = '']) => [name, colour]),
  );
}

/** Relative luminance of WCAG 2.2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((left, right) => left - right);
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ['light', coloursOf(light)],
  ['dark', coloursOf(dark)],
] as const)('the %s theme', (_, colours) => {
  const against = (name: string): number => {
    const colour = colours.get(name) ?? '';
    return Math.min(contrast(colour, colours.get('paper') ?? ''), contrast(colour, colours.get('ground') ?? ''));
  };
  const marks = [...colours.keys()].filter((name) => /^(chart|set|rate|type)-/.test(name));

  it('has all marks at 3:1', () => {
    expect(marks.length).toBeGreaterThanOrEqual(22);
    const faint = [...marks, 'accent', 'ink-soft', 'ink'].filter((name) => !(against(name) >= 3));
    expect(faint).toEqual([]);
  });

  it('has text, and types as they are written, at 4.5:1', () => {
    const texts = [
      'ink',
      'ink-soft',
      'accent',
      'bad',
      'warn',
      'good',
      ...marks.filter((name) => name.startsWith('type-')),
    ];
    expect(texts.filter((name) => !(against(name) >= 4.5))).toEqual([]);
  });
});

describe('a line style', () => {
  it('differs for each rate of the paper and both references in dash as well as colour', () => {
    const rates = [0, 0.25, 0.5, 0.75, 1].map((rate) => rateStyle({ method: 'MTL-LS', rate }));
    const references = (['STL', 'MTL-XC'] as const).map((method) => rateStyle({ method, rate: null }));
    const all = [...rates, ...references];
    expect(new Set(all.map(({ stroke }) => stroke)).size).toBe(7);
    expect(new Set(rates.map(({ dash }) => dash)).size).toBe(5);
  });

  it('of a series differs for 32 runs', () => {
    const styles = Array.from({ length: 32 }, (_, index) => JSON.stringify(seriesStyle(index)));
    expect(new Set(styles).size).toBe(32);
  });
});
