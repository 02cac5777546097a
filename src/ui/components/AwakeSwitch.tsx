// The wish to keep this device awake while it trains, and whether the browser grants it.
import { useContext } from 'react';
import type { AwakeState } from '../keepAwake.ts';
import { useAct } from '../useAct.ts';
import { AwakeContext } from '../useKeepAwake.ts';
import { useLab } from '../useLab.ts';

export function AwakeSwitch() {
  const { lab, state } = useLab();
  const { machine, owner } = state;
  const awake = useContext(AwakeContext);
  const act = useAct();
  const isMissing = awake === 'missing';
  return (
    <div className="awake">
      <label className="check">
        <input
          type="checkbox"
          role="switch"
          checked={machine.keepAwake === true && !isMissing}
          disabled={isMissing || owner === 'elsewhere'}
          onChange={(event) => void act(() => lab.setMachine({ ...machine, keepAwake: event.target.checked }))}
        />
        Keep this device awake while training
      </label>
      <p className={awake === 'refused' ? 'problem' : 'soft'} aria-live="polite">
        {awakeText(machine.keepAwake === true, awake)}
      </p>
    </div>
  );
}

function awakeText(wanted: boolean, awake: AwakeState): string {
  if (awake === 'missing') return 'This browser cannot: let the power settings of the device keep it from sleeping.';
  if (!wanted) return 'A device that sleeps trains no further; the run goes on when it wakes.';
  if (awake === 'held') return 'The screen stays on as long as this tab is seen.';
  if (awake === 'refused') {
    return 'The browser refuses that now, as it may on a low battery or to save power. It is asked again when you come back to this tab.';
  }
  return 'The screen will stay on while a run is on the device and this tab is seen.';
}
