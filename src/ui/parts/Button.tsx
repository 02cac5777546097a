// A button that does something which may take a while or fail.
import { useState, type ReactNode } from 'react';
import { useAct } from '../shared/useAct.ts';

export interface ButtonProps {
  readonly onAct: () => Promise<void> | void;
  readonly kind?: 'primary' | 'strong' | 'plain' | 'quiet' | 'danger';
  readonly disabled?: boolean;
  /** Replaces the text as the accessible name where the text alone does not say what is meant. */
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
