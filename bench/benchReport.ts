// What a measurement answers with, and what it is asked and told by.
import type { BenchShape } from './benchShape.ts';

/** Rows of text; all columns but the first are numbers and stand to the right. */
export interface BenchTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What has to be known to read it. */
  readonly notes: readonly string[];
}

export interface BenchReport {
  /** The adapter in words, or why none was asked. */
  readonly adapter: string;
  /** Whether the adapter computes on the processor, so that its times say nothing of a GPU. */
  readonly software: boolean;
  readonly tables: readonly BenchTable[];
  /** The same as numbers, for programs. */
  readonly measured: unknown;
}

export interface BenchRequest {
  readonly what: BenchName;
  readonly shape: BenchShape;
  /** Alternating runs of each contender. */
  readonly rounds: number;
}

export const BENCH_NAMES = ['step', 'matmul', 'attention', 'adam', 'crf', 'memory', 'torch'] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

/** Where a measurement is made: Node or a page in Chromium. */
export interface BenchHome {
  gpu(): Promise<GPU | undefined>;
  /** A line for a person who waits. */
  say(line: string): void;
  /** Milliseconds of one step in PyTorch. */
  torchStep(): Promise<number>;
}

/** The middle of some values, the least and the most. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right);
  const half = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(half)] ?? NaN) + (sorted[Math.ceil(half)] ?? NaN)) / 2;
  return { median, least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN };
}

/** `12.3 (11.9 to 13.0)`. */
export function spreadText({ median, least, most }: Spread, unit = ''): string {
  const text = [median, least, most].map(shortNumber);
  return `${text[0]}${unit} (${text[1]} to ${text[2]})`;
}

/** Three digits that count. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const magnitude = Math.abs(value);
  if (magnitude >= 100) return value.toFixed(0);
  if (magnitude >= 10) return value.toFixed(1);
  return magnitude >= 0.995 || magnitude === 0 ? value.toFixed(2) : value.toPrecision(2);
}

export function megabytes(bytes: number): string {
  return shortNumber(bytes / 1e6);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
