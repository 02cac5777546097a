// Buttons whose action may take a while or fail: the failure becomes a notice, the person's entries stay; and a progress bar.
import { createContext, useContext, useId, useRef, useState, type ReactNode } from 'react';
import { useLab } from '../shared/useLab.ts';

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

// A button that removes something permanently, after a dialog that says what is lost.

export interface RemoveButtonProps {
  /** What is removed, as in "corpus NCBI-disease". */
  readonly subject: string;
  readonly verb?: 'Remove' | 'Discard';
  /** What is lost with it, and what is not. */
  readonly loss: ReactNode;
  readonly onRemove: () => Promise<void>;
}

export function RemoveButton({ subject, verb = 'Remove', loss, onRemove }: RemoveButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const disabled = useLab((state) => state.owner === 'elsewhere');
  const close = () => dialog.current?.close();
  return (
    <>
      <Button kind="danger" label={`${verb} ${subject}`} disabled={disabled} onAct={() => dialog.current?.showModal()}>
        {verb}
      </Button>
      <dialog ref={dialog} className="dialog" aria-labelledby={titleId}>
        <h2 id={titleId}>
          {verb} {subject}?
        </h2>
        <div className="dialog-body">{loss}</div>
        <div className="actions">
          <Button onAct={close}>Keep</Button>
          <Button
            kind="danger"
            onAct={async () => {
              // Closed first: a failure becomes a notice, which a modal dialog would cover.
              close();
              await onRemove();
            }}
          >
            {verb} permanently
          </Button>
        </div>
      </dialog>
    </>
  );
}
