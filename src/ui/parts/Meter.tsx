// A progress bar, indeterminate if the total is unknown.
export interface MeterProps {
  readonly label: string;
  readonly done: number;
  /** 0 when unknown. */
  readonly total: number;
}

export function Meter({ label, done, total }: MeterProps) {
  if (total <= 0) return <progress className="meter" aria-label={label} />;
  return <progress className="meter" aria-label={label} value={Math.min(done, total)} max={total} />;
}
