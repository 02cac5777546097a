// The requests and reports of measurements.
import type { EngineProcessor } from '../src/engine/network/computeOptions.ts';
import type { BenchShape } from './benchShape.ts';

/** Rows of text; all columns except the first are numbers and right-aligned. */
export interface BenchTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What readers must know to interpret it. */
  readonly notes: readonly string[];
}

export interface BenchReport {
  /** Description of the adapter, or why none was used. */
  readonly adapter: string;
  /** Whether the adapter computes on the CPU, so that its times say nothing about a GPU. */
  readonly software: boolean;
  readonly tables: readonly BenchTable[];
  /** The same as numbers, for programs. */
  readonly measured: unknown;
}

export interface BenchRequest {
  readonly what: BenchName;
  readonly shape: BenchShape;
  /** Alternating runs of each variant. */
  readonly rounds: number;
  /** Ways to compute in PyTorch that are measured beside the engine. */
  readonly torchWays?: readonly string[];
  /** Whether epochs are measured beside steps; by default. */
  readonly epochs?: boolean;
}

/** What is measured in PyTorch. */
export type TorchWork = 'step' | 'tag' | 'epoch' | 'sorted epoch';

export const BENCH_NAMES = ['step', 'matmul', 'attention', 'adam', 'crf', 'memory', 'torch', 'processor'] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

/** Where a measurement runs: Node or a page in Chromium. */
export interface BenchHome {
  gpu(): Promise<GPU | undefined>;
  /** Prints a line for the waiting user. */
  say(line: string): void;
  /** Milliseconds of a piece of work in PyTorch. */
  torch(what: TorchWork, way: string): Promise<number>;
  /** Processor time that programs outside the measurement have used so far; absent where what they disturb counts, too. */
  readonly othersMs?: () => Promise<number | null>;
  /** Processor time of the measurement so far; absent where the clock on the wall counts. */
  readonly ownMs?: () => Promise<number>;
  /** Starts the engine on the processor with its threads; absent where a GPU is measured. */
  readonly processor?: () => Promise<EngineProcessor | null>;
}

/** Median, minimum and maximum of some values. */
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

/** Three significant digits. */
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
