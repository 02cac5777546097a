// A labelled control with its help and the problem with its entry.
import { useId, type ReactNode } from 'react';

export interface FieldProps {
  readonly label: string;
  readonly help?: string | undefined;
  readonly problem?: string | undefined;
  /** For an entry that differs from the preset: the preset's value, and a function to restore it. */
  readonly changed?: { readonly from: string; readonly onReset: () => void } | undefined;
  readonly children: (control: ControlProps) => ReactNode;
  readonly id?: string;
}

/** Attributes that connect a control to its label, help and problem. */
export interface ControlProps {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
}

interface NumberFieldProps extends Omit<FieldProps, 'children'> {
  /** As typed: it may be no number. */
  readonly value: string;
  readonly onValue: (value: string) => void;
}

/** A field for whole numbers, one or several, as text: what is wrong stays, and is said. */
export function NumberField({ value, onValue, ...field }: NumberFieldProps) {
  return (
    <Field {...field}>
      {(control) => (
        <input
          {...control}
          type="text"
          inputMode="numeric"
          autoComplete="off"
          value={value}
          onChange={(event) => onValue(event.target.value)}
        />
      )}
    </Field>
  );
}

export function Field({ label, help, problem, changed, children, id }: FieldProps) {
  const made = useId();
  const controlId = id ?? made;
  const labelId = `${controlId}-label`;
  const helpId = `${controlId}-help`;
  const problemId = `${controlId}-problem`;
  const described = [help === undefined ? null : helpId, problem === undefined ? null : problemId].filter(
    (part) => part !== null,
  );
  return (
    <div className={`field${changed === undefined ? '' : ' changed'}`}>
      <label id={labelId} htmlFor={controlId}>
        {label}
      </label>
      {children({
        id: controlId,
        'aria-describedby': described.length === 0 ? undefined : described.join(' '),
        'aria-invalid': problem !== undefined,
      })}
      {problem !== undefined && (
        <p id={problemId} className="field-problem">
          {problem}
        </p>
      )}
      {changed !== undefined && (
        <p className="field-changed">
          <span>Preset: {changed.from}</span>
          <button type="button" className="link" aria-describedby={labelId} onClick={changed.onReset}>
            Reset to preset
          </button>
        </p>
      )}
      {help !== undefined && (
        <p id={helpId} className="field-help">
          {help}
        </p>
      )}
    </div>
  );
}
