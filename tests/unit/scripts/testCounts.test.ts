// Proves that the gate counts what the runners report, and that nothing which fails without a failed test passes for a success.
import { describe, expect, it } from 'vitest';
import { countPlaywright, countVitest, describeCounts, settle, sumCounts } from '../../../scripts/testCounts.ts';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});

describe('counts of a stage', () => {
  it("are those of Vitest's report", () => {
    const report = {
      numPassedTests: 7,
      numFailedTests: 1,
      numPendingTests: 2,
      numTodoTests: 1,
      testResults: [file('passed', 'passed'), file('failed', 'passed', 'failed')],
    };
    expect(countVitest(report)).toEqual({ passed: 7, failed: 1, skipped: 3 });
  });

  it('hold a file that does not load for one failure', () => {
    const report = {
      numPassedTests: 7,
      numFailedTests: 0,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [file('passed', 'passed'), file('failed')],
    };
    expect(countVitest(report)).toEqual({ passed: 7, failed: 1, skipped: 0 });
  });

  it("are those of Playwright's report, a flaky test and an error outside tests being failures", () => {
    const stats = { expected: 5, unexpected: 1, flaky: 1, skipped: 2 };
    expect(countPlaywright({ stats, errors: [] })).toEqual({ passed: 5, failed: 2, skipped: 2 });
    expect(countPlaywright({ stats, errors: [{}] })).toEqual({ passed: 5, failed: 3, skipped: 2 });
  });

  it('gain a failure when the process failed and no test did, or when there was no test', () => {
    const good = { passed: 3, failed: 0, skipped: 1 };
    expect(settle(good, 0)).toEqual(good);
    expect(settle(good, 1)).toEqual({ ...good, failed: 1 });
    expect(settle(good, null)).toEqual({ ...good, failed: 1 });
    expect(settle({ passed: 3, failed: 2, skipped: 0 }, 1).failed).toBe(2);
    expect(settle({ passed: 0, failed: 0, skipped: 0 }, 0).failed).toBe(1);
  });

  it('add up', () => {
    const total = sumCounts([
      { passed: 1, failed: 0, skipped: 0 },
      { passed: 20, failed: 2, skipped: 5 },
    ]);
    expect(total).toEqual({ passed: 21, failed: 2, skipped: 5 });
    expect(sumCounts([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});

describe('the last line', () => {
  it('names the skipped only where there are some', () => {
    expect(describeCounts({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(describeCounts({ passed: 12, failed: 1, skipped: 3 })).toBe('12 passed, 1 failed, 3 skipped');
  });
});
