// Formats numbers, sizes, times and names for the whole page.
import type { Environment } from '../../schema/runRecord.ts';
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

function count(value: number): string {
  return whole.format(value);
}

/** `1 sentence`, `5,424 sentences`. */
function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Formats a score already in percent: two decimals, as conlleval prints it. */
function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(2);
}

/** Formats a share in [0, 1] as a whole percentage, never rounded up to 100. */
function share(value: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, value)) * 100)} %`;
}

/** Formats a probability in percent: one decimal, never rounded up to 100. */
function confidence(value: number | null): string {
  if (value === null) return '–';
  return `${(Math.floor(1000 * value + 1e-9) / 10).toFixed(1)} %`;
}

/** Formats a part of a whole in percent, with two decimals as in the paper; a dash if the whole is 0. */
function shareOf(part: number, whole: number): string {
  return ratio(whole === 0 ? null : part / whole);
}

/** Formats a ratio in percent: two decimals, a dash for null. */
function ratio(value: number | null): string {
  return value === null ? '–' : `${(100 * value).toFixed(2).replace('-', '−')} %`;
}

function duration(elapsedMs: number | null): string {
  if (elapsedMs === null) return '–';
  const seconds = Math.round(elapsedMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${padded(seconds % 60)} s`;
  return `${count(Math.floor(minutes / 60))} h ${padded(minutes % 60)} min`;
}

/** Formats a size in decimal units with three significant digits. */
function bytes(sizeBytes: number | null): string {
  if (sizeBytes === null) return '–';
  let value = sizeBytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** Formats a loss or a norm: four significant digits. */
function quantity(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value !== 0 && (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3)) return value.toExponential(2);
  return value.toPrecision(4);
}

/** Formats a setting such as a learning rate as a person would type it: `3e-5`, `0.9`. */
function setting(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential().replace('e+', 'e') : String(value);
}

/** Formats a decaying rate: three significant digits. */
function rate(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value === 0 ? '0' : value.toExponential(2);
}

/** Formats a number of parameters: `1.9 M`. */
function parameters(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} k` : String(value);
}

/** Formats local date and time to the minute. */
function moment(iso: string): string {
  const date = new Date(iso);
  const day = `${date.getFullYear()}-${padded(date.getMonth() + 1)}-${padded(date.getDate())}`;
  return `${day} ${padded(date.getHours())}:${padded(date.getMinutes())}`;
}

function shortFingerprint(fingerprint: string): string {
  return fingerprint.slice(0, 12);
}

function typeName(type: string | null): string {
  return type ?? 'all types';
}

function taskName(corpusName: string, type: string | null): string {
  return `${corpusName} · ${typeName(type)}`;
}

/** Returns a name that is safe in file names on every platform. */
function fileName(...parts: readonly string[]): string {
  return parts
    .join('-')
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/-{2,}/g, '-')
    .replace(/^-|-$/g, '');
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}

export const format = {
  count,
  counted,
  percent,
  share,
  confidence,
  shareOf,
  ratio,
  duration,
  bytes,
  quantity,
  setting,
  rate,
  parameters,
  moment,
  shortFingerprint,
  typeName,
  taskName,
  fileName,
};

/** Parses a whole number within bounds; null for anything else. */
export function wholeNumber(text: string, least: number, most: number): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isInteger(value) && value >= least && value <= most ? value : null;
}

/** Says which numbers a control accepts. */
export function enterNumber(least: number, most: number): string {
  return `Enter a number from ${least} to ${most}.`;
}

const BACKEND_NAMES: Readonly<Record<Environment['backend'], string>> = {
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
  cpu: 'JavaScript',
};

export function backendName(backend: Environment['backend']): string {
  return BACKEND_NAMES[backend];
}
