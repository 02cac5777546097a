// Shows the status of a run as a word with a mark of distinct shape.
import type { RunStatus } from '../../schema/runRecord.ts';
import { STATUS_WORDS } from '../shared/runName.ts';

export function StatusMark({ status, detail }: { readonly status: RunStatus; readonly detail?: string | undefined }) {
  return (
    <span className={`status ${status}`}>
      <span className="status-dot" aria-hidden="true" />
      {STATUS_WORDS[status]}
      {detail !== undefined && <span className="faint"> {detail}</span>}
    </span>
  );
}
