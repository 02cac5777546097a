// Proves that `npm run soak` parses its arguments, reports those it does not understand, and prints what was lost.
import { describe, expect, it } from 'vitest';
import { SOAK_NAMES, SOAK_USAGE, soakArguments } from '../../../soak/soakArguments.ts';
import { printSoakRows } from '../../../soak/soakRow.ts';

describe('arguments', () => {
  it('stand for every soak when there are none', () => {
    expect(soakArguments([])).toMatchObject({
      names: SOAK_NAMES,
      kills: 40,
      backends: ['wasm', 'webgpu'],
      steps: 10_000,
    });
  });

  it('name some, with their options', () => {
    const asked = soakArguments(['kills', '--kills', '8', '--seed', '3', '--backend', 'wasm']);
    expect(asked).toMatchObject({ names: ['kills'], kills: 8, seed: 3, backends: ['wasm'] });
    expect(soakArguments(['--help'])).toBeNull();
    for (const name of SOAK_NAMES) expect(SOAK_USAGE).toContain(`  ${name}`);
  });

  it('are refused with what would do', () => {
    const refused = (...words: string[]) => expect(() => soakArguments(words));
    refused('sleep').toThrow('No soak is called sleep: one of kills, headless');
    refused('kills', '--kills', 'many').toThrow('--kills: a whole number from 1 is expected, not many');
    refused('steps', '--samples', '3').toThrow('from 10');
    refused('kills', '--backend', 'cpu').toThrow('wasm or webgpu');
    refused('disk', '--kills', '3').toThrow('--kills means nothing to disk');
    refused('--speed', '3').toThrow('--speed');
  });
});

it('rows are told in columns', () => {
  const rows = [
    { injected: 'SIGKILL', times: 40, lost: 0 },
    { injected: 'full disk', times: 7, lost: 1 },
  ];
  expect(printSoakRows(rows)).toBe(
    ['injected   how often  lost', 'SIGKILL           40     0', 'full disk          7     1'].join('\n'),
  );
});
