// How the GPU of this machine is used: its memory, what the backward pass keeps, and the precision.
import { useState } from 'react';
import type { Activations, MachineSettings, MixedPrecision, Precision } from '../../schema/machineSettings.ts';
import { useAct } from '../useAct.ts';
import { useLab } from '../useLab.ts';
import { Field } from './Field.tsx';

const GIBIBYTE = 2 ** 30;
const LEAST_GIBIBYTES = 0.25;

const ACTIVATIONS: Readonly<Record<Activations, string>> = {
  auto: 'kept where they fit',
  kept: 'always kept',
  recomputed: 'always done again',
};

export function GpuSettings({ mixedPrecision }: { readonly mixedPrecision: MixedPrecision }) {
  const { lab, state } = useLab();
  const { machine } = state;
  const act = useAct();
  const change = (settings: Partial<MachineSettings>) => act(() => lab.setMachine({ ...machine, ...settings }));
  return (
    <details className="fold">
      <summary>
        GPU: {machine.gpuBytes / GIBIBYTE} GiB, activations {ACTIVATIONS[machine.activations]}, {machine.precision}
      </summary>
      <div className="stack">
        <GpuMemoryField gpuBytes={machine.gpuBytes} onChange={(gpuBytes) => change({ gpuBytes })} />
        <Field
          label="Activations"
          help="What the backward pass needs of each layer is kept, or done again from the layer’s input: a third more work, less than half the memory, the same numbers."
        >
          {(control) => (
            <select
              {...control}
              value={machine.activations}
              onChange={(event) => change({ activations: event.target.value as Activations })}
            >
              {Object.entries(ACTIVATIONS).map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="Precision"
          help={`Mixed: products read 16-bit numbers and add in 32 bits; weights, gradients and moments stay 32-bit. ${mixedPrecision.reason}`}
        >
          {(control) => (
            <select
              {...control}
              value={mixedPrecision.admitted ? machine.precision : 'f32'}
              onChange={(event) => change({ precision: event.target.value as Precision })}
            >
              <option value="f32">f32</option>
              <option value="mixed" disabled={!mixedPrecision.admitted}>
                mixed f16 and f32
              </option>
            </select>
          )}
        </Field>
        <p className="soft">Runs that start after a change follow it.</p>
      </div>
    </details>
  );
}

function GpuMemoryField({
  gpuBytes,
  onChange,
}: {
  readonly gpuBytes: number;
  readonly onChange: (bytes: number) => void;
}) {
  const [text, setText] = useState(String(gpuBytes / GIBIBYTE));
  const gibibytes = Number(text);
  const valid = text.trim() !== '' && gibibytes >= LEAST_GIBIBYTES && gibibytes <= 1024;
  return (
    <Field
      label="Memory of the GPU, in GiB"
      help="Browsers do not tell how much there is; it decides when activations are done again."
      problem={valid ? undefined : `A number from ${LEAST_GIBIBYTES} to 1024 is expected.`}
    >
      {(control) => (
        <input
          {...control}
          type="text"
          inputMode="decimal"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={() => {
            if (valid) onChange(Math.round(gibibytes * GIBIBYTE));
          }}
        />
      )}
    </Field>
  );
}
