// Edits the bounds of a chart's F1 axis; empty for those of the data.
import type { AddressTexts } from '../shared/addressTexts.ts';

export interface Bounds {
  readonly from: string;
  readonly to: string;
}

export const NO_BOUNDS: Bounds = { from: '', to: '' };

/** Reads bounds in the address, under names with the prefix of their chart. */
export function boundsIn(texts: AddressTexts, prefix: string): Bounds {
  return { from: texts[`${prefix}from`] ?? '', to: texts[`${prefix}to`] ?? '' };
}

export interface ZoomFieldsProps {
  readonly bounds: Bounds;
  readonly onBounds: (bounds: Bounds) => void;
}

export function ZoomFields({ bounds, onBounds }: ZoomFieldsProps) {
  const entry = (name: 'from' | 'to', label: string) => (
    <label>
      {label}
      <input
        type="text"
        inputMode="decimal"
        className="bound"
        autoComplete="off"
        placeholder="auto"
        value={bounds[name]}
        onChange={(event) => onBounds({ ...bounds, [name]: event.target.value })}
      />
    </label>
  );
  return (
    <span className="bounds">
      {entry('from', 'F1 from')}
      {entry('to', 'to')}
    </span>
  );
}

export interface Axis {
  readonly domain: [number, number];
  readonly ticks: number[];
}

/** Returns the axis: the entered bounds in percent, else round ones around the values; ticks at round numbers. */
export function axisOf({ from, to }: Bounds, values: readonly number[]): Axis {
  const low = values.length === 0 ? 0 : Math.min(...values);
  const high = values.length === 0 ? 100 : Math.max(...values);
  const step = stepOf(high - low);
  const auto: [number, number] = [Math.max(0, floorTo(low, step)), Math.min(100, floorTo(high, step) + step)];
  const chosen: [number, number] = [numberIn(from) ?? auto[0], numberIn(to) ?? auto[1]];
  const domain = chosen[0] < chosen[1] ? chosen : auto;
  return { domain, ticks: ticksIn(domain) };
}

/** Returns an axis of differences: round numbers around the values and zero. */
export function differenceAxis(values: readonly number[]): Axis {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const step = stepOf(high - low);
  const domain: [number, number] = [floorTo(low, step), floorTo(high, step) + step];
  return { domain, ticks: ticksIn(domain) };
}

function ticksIn([low, high]: Axis['domain']): number[] {
  const distance = stepOf(high - low);
  const first = Math.ceil(low / distance);
  const count = Math.floor(high / distance) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * distance).toFixed(2)));
}

/** Returns a round step that divides a range into about five. */
function stepOf(range: number): number {
  return [0.1, 0.2, 0.5, 1, 2, 5, 10].find((step) => range / step <= 7) ?? 20;
}

function floorTo(value: number, step: number): number {
  return Number((Math.floor(value / step) * step).toFixed(2));
}

function numberIn(text: string): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return value >= 0 && value <= 100 ? value : null;
}
