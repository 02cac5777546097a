// A table that scrolls within its box where the page is narrow.
import type { ReactNode } from 'react';

interface TableBoxProps {
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
}

export function TableBox({ label, className, children }: TableBoxProps) {
  return (
    // Focusable, so that the keyboard can scroll it.
    <div className="table-box" role="region" aria-label={`${label}, scrollable`} tabIndex={0}>
      <table aria-label={label} className={className}>
        {children}
      </table>
    </div>
  );
}

/** Heads a column of buttons, for screen readers only. */
export function ActionsHead() {
  return (
    <th scope="col">
      <span className="visually-hidden">Actions</span>
    </th>
  );
}
