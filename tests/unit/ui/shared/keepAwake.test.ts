// Proves that the screen lock is held just while it is wanted, whatever the browser grants, refuses and takes back, in any order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeepAwake, type ScreenLock } from '../../../../src/ui/shared/keepAwake.ts';

class FakeLock implements ScreenLock {
  released = false;
  private readonly listeners: (() => void)[] = [];
  async release(): Promise<void> {
    this.end();
  }
  /** As the browser does on a low battery. */
  end(): void {
    if (this.released) return;
    this.released = true;
    for (const listener of this.listeners) listener();
  }
  addEventListener(_type: 'release', listener: () => void): void {
    this.listeners.push(listener);
  }
}

/** A browser whose answers to requests are given by hand. */
function fakeBrowser() {
  const locks: FakeLock[] = [];
  const open: { grant: () => void; refuse: () => void }[] = [];
  const request = (): Promise<ScreenLock> =>
    new Promise((resolve, reject) => {
      const lock = new FakeLock();
      open.push({
        grant() {
          locks.push(lock);
          resolve(lock);
        },
        refuse: () => reject(new Error('NotAllowedError')),
      });
    });
  const heldLocks = (): FakeLock[] => locks.filter(({ released }) => !released);
  return { request, open, heldLocks };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('the screen lock', () => {
  it('is held from the grant to the end of the wish, and tells each change', async () => {
    const browser = fakeBrowser();
    const keeper = createKeepAwake(browser.request);
    const told: string[] = [];
    keeper.subscribe(() => told.push(keeper.getState()));
    keeper.want(true);
    browser.open.shift()?.grant();
    await turn();
    expect(browser.heldLocks()).toHaveLength(1);
    keeper.want(true);
    expect(browser.open).toEqual([]);
    keeper.want(false);
    expect(browser.heldLocks()).toEqual([]);
    expect(told).toEqual(['held', 'idle']);
  });

  it('is asked for again after a refusal and after it was taken back, but only when it is wanted anew', async () => {
    const browser = fakeBrowser();
    const keeper = createKeepAwake(browser.request);
    keeper.want(true);
    browser.open.shift()?.refuse();
    await turn();
    expect([keeper.getState(), browser.open.length]).toEqual(['refused', 0]);
    keeper.want(true);
    browser.open.shift()?.grant();
    await turn();
    expect(keeper.getState()).toBe('held');
    browser.heldLocks()[0]?.end();
    expect([keeper.getState(), browser.open.length]).toEqual(['refused', 0]);
    keeper.want(true);
    expect(browser.open).toHaveLength(1);
  });

  it('says so where the browser has none', () => {
    const keeper = createKeepAwake(null);
    keeper.want(true);
    expect(keeper.getState()).toBe('missing');
  });

  it('is held by one lock at most, and by none that nobody wants, when all answers have come', async () => {
    const event = fc.constantFrom('want', 'leave', 'grant', 'refuse', 'takeBack');
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
        const browser = fakeBrowser();
        const keeper = createKeepAwake(browser.request);
        let wanted = false;
        for (const one of events) {
          if (one === 'want' || one === 'leave') keeper.want((wanted = one === 'want'));
          else if (one === 'takeBack') browser.heldLocks()[0]?.end();
          else browser.open.shift()?.[one]();
          await Promise.resolve();
        }
        while (browser.open.length > 0) browser.open.shift()?.grant();
        await turn();
        const count = browser.heldLocks().length;
        if (!wanted) expect([count, keeper.getState()]).toEqual([0, 'idle']);
        else expect(['held', 'refused'].indexOf(keeper.getState())).toBe(1 - count);
      }),
      { numRuns: 150 },
    );
  });
});
