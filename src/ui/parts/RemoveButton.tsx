// A button that removes something permanently, after a dialog that says what is lost.
import { useId, useRef, type ReactNode } from 'react';
import { useLab } from '../shared/useLab.ts';
import { Button } from './Button.tsx';

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
