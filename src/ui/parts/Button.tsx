// A button whose action may take a while or fail.
import { useState, type ReactNode } from 'react';
import { useAct } from '../shared/useAct.ts';

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
