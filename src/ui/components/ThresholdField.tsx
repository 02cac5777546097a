// Sets how sure a tagger must be of a mention for it to be shown and saved, by hand or as a number of percent.
import { useId } from 'react';

export interface ThresholdFieldProps {
  /** 0 to 1. */
  readonly value: number;
  readonly onChange: (value: number) => void;
}

export function ThresholdField({ value, onChange }: ThresholdFieldProps) {
  const id = useId();
  const percent = Math.round(100 * value);
  const take = (text: string) => {
    const entered = Number(text);
    if (Number.isFinite(entered)) onChange(Math.min(100, Math.max(0, entered)) / 100);
  };
  return (
    <div className="threshold">
      <label htmlFor={id}>Least confidence</label>
      <input
        id={id}
        type="range"
        min={0}
        max={100}
        value={percent}
        aria-valuetext={`${percent} percent`}
        onChange={(event) => take(event.target.value)}
      />
      <input
        type="text"
        inputMode="numeric"
        size={3}
        aria-label="Least confidence in percent"
        value={percent}
        onChange={(event) => take(event.target.value)}
      />
      <span aria-hidden="true">%</span>
    </div>
  );
}
