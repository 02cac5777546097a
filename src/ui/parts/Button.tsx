// A button whose action may take a while or fail: the failure becomes a notice, the person's entries stay; and a progress bar.
import { createContext, useContext, useState, type ReactNode } from 'react';

export interface ButtonProps {
  readonly onAct: () => Promise<void> | void;
  readonly kind?: 'primary' | 'strong' | 'plain' | 'quiet' | 'danger';
  readonly disabled?: boolean;
  /** Accessible name, where the text alone is not clear. */
  readonly label?: string;
  readonly children: ReactNode;
}

export function Button({ onAct, kind = 'plain', disabled = false, label, children }: ButtonProps) {
  const act = useAct();
  const [busy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    await act(onAct);
    setBusy(false);
  };
  return (
    <button
      type="button"
      className={`button ${kind}`}
      disabled={disabled || busy}
      aria-busy={busy}
      aria-label={label}
      onClick={() => void press()}
    >
      {children}
    </button>
  );
}

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

// Runs actions that may fail: the failure becomes a notice, and the person's entries stay.

/** Runs the work; resolves when it has ended either way. */
export type Act = (work: () => Promise<void> | void) => Promise<void>;

export const ActContext = createContext<Act>(async (work) => {
  await work();
});

export function useAct(): Act {
  return useContext(ActContext);
}
