// Proves that progress of tagging is said now and then, adds up over processes, and estimates the time left without what was done before.
import { expect, it } from 'vitest';
import { EventLines } from '../../../../headless/eventLines.ts';
import type { TaggingTally } from '../../../../headless/tagging/tagFolder.ts';
import { TaggingProgress } from '../../../../headless/tagging/taggingProgress.ts';

const tally = (changes: Partial<TaggingTally>): TaggingTally => ({ documents: 0, mentions: 0, earlier: 0, doneBytes: 0, ofBytes: 1000, failures: 0, ...changes }); // prettier-ignore

it('is said every five seconds, with what is left at the pace of this command', () => {
  let [nowMs, text] = [0, ''];
  const output = { write: (part: string) => void (text += part) };
  const progress = new TaggingProgress(output, new EventLines(null), () => nowMs);
  progress.show([tally({ documents: 50, earlier: 50, doneBytes: 400 })]);
  nowMs = 1000;
  progress.show([tally({ documents: 51, earlier: 50, doneBytes: 400 })]);
  expect(text).toBe('');
  nowMs = 60_000;
  progress.show([tally({ documents: 110, mentions: 900, earlier: 50, doneBytes: 500 })]);
  expect(text).toBe('50 %, 110 documents, 900 mentions, 1.0 documents a second, 5 min left\n');
  nowMs = 120_000;
  progress.end([tally({ documents: 170, mentions: 1, earlier: 50, doneBytes: 1000 })], '/out');
  expect(text).toContain(
    '1 mention in 170 documents, 50 of them by an earlier command, 1.0 documents a second: /out\n',
  );
});

it('says what is left in seconds below a minute, and nothing where nothing is left', () => {
  let [nowMs, text] = [0, ''];
  const progress = new TaggingProgress({ write: (part) => void (text += part) }, new EventLines(null), () => nowMs);
  progress.show([tally({ documents: 1 })]);
  const leftAt = (atMs: number, doneBytes: number): string => {
    [nowMs, text] = [atMs, ''];
    progress.show([tally({ documents: 2, doneBytes })]);
    return /, ([^,]+) left\n$/.exec(text)?.[1] ?? text;
  };
  expect(leftAt(6000, 600)).toBe('4 s');
  expect(leftAt(12_000, 1000)).not.toContain('left');
  expect(leftAt(100_000, 630)).toBe('59 s');
  expect(leftAt(120_000, 666)).toBe('2 min');
});

it('goes from process to process as lines, and adds up', () => {
  let [nowMs, lines, text] = [0, '', ''];
  const child = new TaggingProgress(
    { write: () => undefined },
    new EventLines({ write: (part) => void (lines += part) }),
    () => nowMs,
  );
  nowMs = 6000;
  child.show([tally({ documents: 10, doneBytes: 500 })]);
  child.end([tally({ documents: 20, doneBytes: 1000 })], '/out');
  const [phase, tagged] = lines.trim().split('\n').map((line) => TaggingProgress.read(line)); // prettier-ignore
  expect([phase?.documents, tagged?.documents]).toEqual([10, 20]);
  expect(TaggingProgress.read('Backend: wasm')).toBeNull();
  expect(TaggingProgress.read('{"event":"error","code":"x"}')).toBeNull();
  const whole = new TaggingProgress({ write: (part) => void (text += part) }, new EventLines(null), () => nowMs);
  nowMs = 12_000;
  whole.show([tagged ?? tally({}), tally({ documents: 5, doneBytes: 500 })]);
  expect(text).toMatch(/^75 %, 25 documents, /);
});
