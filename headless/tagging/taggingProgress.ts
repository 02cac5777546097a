// Reports how tagging comes along: documents, documents a second, share of the bytes, time left; for people, and as lines for programs.
import type { EventLines } from '../eventLines.ts';
import { counted, type TextOutput } from '../progressReport.ts';
import type { TaggingTally } from './tagFolder.ts';

/** Time between two reports. */
const EVERY_MS = 5000;
/** A pace of less is no estimate. */
const LEAST_MS = 3000;

export class TaggingProgress {
  private readonly output: TextOutput;
  private readonly lines: EventLines;
  private readonly clockMs: () => number;
  private readonly startedAtMs: number;
  private shownAtMs: number;
  /** Bytes that were done before anything was tagged here; null until then. */
  private skippedBytes: number | null = null;

  constructor(output: TextOutput, lines: EventLines, clockMs: () => number = () => performance.now()) {
    this.output = output;
    this.lines = lines;
    this.clockMs = clockMs;
    this.startedAtMs = clockMs();
    this.shownAtMs = this.startedAtMs;
  }

  /** Reads a line that `show` or `end` of another process wrote; null for any other line. */
  static read(line: string): TaggingTally | null {
    try {
      const value = JSON.parse(line) as Record<string, unknown>;
      const isOwn = value['event'] === 'tagged' || (value['event'] === 'phase' && value['phase'] === 'tagging');
      return isOwn ? (value['tally'] as TaggingTally) : null;
    } catch {
      return null;
    }
  }

  /** Shows the tallies of all parts, now and then. */
  show(tallies: readonly TaggingTally[]): void {
    const sum = sumOf(tallies);
    if (sum.documents > sum.earlier) this.skippedBytes ??= sum.doneBytes;
    const nowMs = this.clockMs();
    if (nowMs - this.shownAtMs < EVERY_MS) return;
    this.shownAtMs = nowMs;
    if (this.lines.areWanted) {
      this.lines.write({ event: 'phase', phase: 'tagging', done: sum.doneBytes, of: sum.ofBytes, tally: sum });
      return;
    }
    const share = sum.ofBytes === 0 ? 100 : Math.floor((100 * sum.doneBytes) / sum.ofBytes);
    const parts = [`${share} %`, counted(sum.documents, 'document'), counted(sum.mentions, 'mention')];
    const left = this.leftMs(sum);
    this.output.write(`${[...parts, this.pace(sum), ...(left === null ? [] : [`${spelt(left)} left`])].join(', ')}\n`);
  }

  /** Says what is in the folder when all parts have ended. */
  end(tallies: readonly TaggingTally[], out: string): void {
    const sum = sumOf(tallies);
    const earlier = sum.earlier === 0 ? '' : `, ${sum.earlier} of them by an earlier command`;
    const what = `${counted(sum.mentions, 'mention')} in ${counted(sum.documents, 'document')}${earlier}`;
    const pace = sum.documents > sum.earlier ? `, ${this.pace(sum)}` : '';
    if (!this.lines.areWanted) this.output.write(`${what}${pace}: ${out}\n`);
    const { documents, mentions } = sum;
    this.lines.write({ event: 'tagged', documents, mentions, out, tally: sum });
  }

  private pace({ documents, earlier }: TaggingTally): string {
    const seconds = Math.max(0.001, (this.clockMs() - this.startedAtMs) / 1000);
    const pace = (documents - earlier) / seconds;
    return `${pace < 10 ? pace.toFixed(1) : Math.round(pace)} documents a second`;
  }

  private leftMs({ doneBytes, ofBytes }: TaggingTally): number | null {
    const tagged = doneBytes - (this.skippedBytes ?? doneBytes);
    const elapsedMs = this.clockMs() - this.startedAtMs;
    return tagged <= 0 || elapsedMs < LEAST_MS || doneBytes >= ofBytes
      ? null
      : (elapsedMs * (ofBytes - doneBytes)) / tagged;
  }
}

function sumOf(tallies: readonly TaggingTally[]): TaggingTally {
  const sum = (key: keyof TaggingTally): number => tallies.reduce((total, tally) => total + tally[key], 0);
  return {
    documents: sum('documents'),
    mentions: sum('mentions'),
    earlier: sum('earlier'),
    doneBytes: sum('doneBytes'),
    ofBytes: sum('ofBytes'),
    failures: sum('failures'),
  };
}

function spelt(timeMs: number): string {
  const seconds = Math.ceil(timeMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(timeMs / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}
