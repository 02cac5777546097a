// The bounds of a chart's F1 axis; empty for those of the data.

export interface Bounds {
  readonly from: string;
  readonly to: string;
}

export const NO_BOUNDS: Bounds = { from: '', to: '' };

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
    <>
      {entry('from', 'F1 from')}
      {entry('to', 'to')}
    </>
  );
}

/** The axis' domain: bounds that are numbers in percent, else those of the values with a little room. */
export function domainOf({ from, to }: Bounds, values: readonly number[]): [number, number] {
  const low = values.length === 0 ? 0 : Math.floor(Math.min(...values) - 0.5);
  const high = values.length === 0 ? 100 : Math.ceil(Math.max(...values) + 0.5);
  const lower = numberIn(from) ?? Math.max(0, low);
  const upper = numberIn(to) ?? Math.min(100, high);
  return lower < upper ? [lower, upper] : [Math.max(0, low), Math.min(100, high)];
}

function numberIn(text: string): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return value >= 0 && value <= 100 ? value : null;
}
