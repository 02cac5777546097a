// Proves where a browser is searched on each platform, in which order, and that look-alikes are skipped.
import { describe, expect, it } from 'vitest';
import { findChromium, type Machine } from '../../../scripts/findChromium.ts';

const playwrightPath = '/cache/ms-playwright/chromium/chrome';

function machine(files: readonly string[], rest: Partial<Machine> = {}): Machine {
  return {
    platform: 'linux',
    env: { PATH: '/usr/local/bin:/usr/bin:/snap/bin' },
    playwrightPath,
    exists: (file) => files.includes(file),
    isBrowser: () => true,
    ...rest,
  };
}

describe('findChromium', () => {
  it('takes what CHROME_PATH names before all else, then CHROMIUM_PATH', () => {
    const files = ['/opt/one', '/opt/two', '/usr/bin/chromium'];
    const env = { PATH: '/usr/bin', CHROME_PATH: '/opt/one', CHROMIUM_PATH: '/opt/two' };
    expect(findChromium(machine(files, { env }))).toBe('/opt/one');
    expect(findChromium(machine(files, { env: { ...env, CHROME_PATH: '/opt/gone' } }))).toBe('/opt/two');
  });

  it.each(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'])('finds %s on PATH', (command) => {
    expect(findChromium(machine([playwrightPath, `/usr/bin/${command}`]))).toBe(`/usr/bin/${command}`);
  });

  it('follows the order of PATH', () => {
    expect(findChromium(machine(['/usr/bin/chromium', '/usr/local/bin/chromium']))).toBe('/usr/local/bin/chromium');
  });

  it('passes over a command that is no browser', () => {
    const isBrowser = (file: string): boolean => file !== '/usr/bin/chromium-browser';
    expect(findChromium(machine(['/usr/bin/chromium-browser', '/usr/bin/google-chrome'], { isBrowser }))).toBe(
      '/usr/bin/google-chrome',
    );
    expect(findChromium(machine(['/usr/bin/chromium-browser'], { isBrowser }))).toBeUndefined();
  });

  it('finds the usual places of macOS and Windows', () => {
    const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
    expect(findChromium(machine([mac], { platform: 'darwin', env: { HOME: '/Users/ada' } }))).toBe(mac);
    const own = '/Users/ada/Applications/Chromium.app/Contents/MacOS/Chromium';
    expect(findChromium(machine([own], { platform: 'darwin', env: { HOME: '/Users/ada' } }))).toBe(own);
    const windows = 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe';
    const env = { PROGRAMFILES: 'C:\\Program Files' };
    expect(findChromium(machine([windows], { platform: 'win32', env }))).toBe(windows);
  });

  it("falls back on Playwright's own, and on nothing where there is none", () => {
    expect(findChromium(machine([playwrightPath]))).toBe(playwrightPath);
    expect(findChromium(machine([]))).toBeUndefined();
    expect(findChromium(machine([], { env: {} }))).toBeUndefined();
  });
});
