// What a plan's leaks mean for its scores, with the ways to read and to leave them out.
import { format } from '../format.ts';
import type { PlanLeaks } from '../usePlanLeaks.ts';

export interface PlanLeaksNoteProps {
  readonly leaks: PlanLeaks;
  /** Shows the setting that leaves them out. */
  readonly onSetting: () => void;
}

/** Nothing where nothing is leaked. */
export function PlanLeaksNote({ leaks: { exact, training, leftOut, href }, onSetting }: PlanLeaksNoteProps) {
  if (exact === 0) return null;
  return (
    <p className="soft">
      {leftOut === null
        ? 'Test sentences that are trained on make the score say less about new text. '
        : `${format.count(leftOut)} of ${format.counted(training, 'training sentence')} will be left out for that. `}
      {href !== null && (
        <>
          <a href={href}>See which</a>
          {' · '}
        </>
      )}
      <button type="button" className="link" onClick={onSetting}>
        {leftOut === null ? 'Leave them out' : 'Change'}
      </button>
    </p>
  );
}
