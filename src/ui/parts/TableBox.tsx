// Frames of lists: a table that scrolls within its box, which of many items are shown, and named values in a grid.
import { useEffect, type ReactNode } from 'react';
import { format } from '../shared/format.ts';

// A table that scrolls within its box where the page is narrow.

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

// A table of numbers: rows with a head, and a number in each of the other columns.

export interface NumberRow {
  readonly key: string | number;
  readonly head: ReactNode;
  readonly headClass?: string;
  readonly rowClass?: string;
  readonly numbers: readonly ReactNode[];
}

interface NumberTableProps {
  readonly label: string;
  readonly className?: string;
  /** Heads the rows' heads, then the numbers. */
  readonly columns: readonly [ReactNode, ...ReactNode[]];
  readonly rows: readonly NumberRow[];
  /** Whether other rows are being computed. */
  readonly isBusy?: boolean;
}

export function NumberTable({ label, className, columns: [first, ...others], rows, isBusy }: NumberTableProps) {
  return (
    <TableBox label={label} {...(className !== undefined && { className })}>
      <thead>
        <tr>
          {first === null ? <td /> : <th scope="col">{first}</th>}
          {others.map((name, column) => (
            <th key={column} scope="col" className="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody aria-busy={isBusy}>
        {rows.map(({ key, head, headClass, rowClass, numbers }) => (
          <tr key={key} className={rowClass}>
            <th scope="row" className={headClass}>
              {head}
            </th>
            {numbers.map((number, column) => (
              <td key={column} className="number">
                {number}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

interface ChoiceButtonProps {
  readonly isChosen: boolean;
  readonly isDisabled?: boolean;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}

/** Heads a row that can be chosen, to show what it stands for. */
export function ChoiceButton({ isChosen, isDisabled = false, onChoose, children }: ChoiceButtonProps) {
  return (
    <button type="button" className="link" aria-pressed={isChosen} disabled={isDisabled} onClick={onChoose}>
      {children}
    </button>
  );
}

/** The class of a row that was chosen. */
export function chosenClass(isChosen: boolean): { readonly rowClass?: 'chosen' } {
  return isChosen ? { rowClass: 'chosen' } : {};
}

// Says which of many items are shown, with buttons to reach the others.

interface PagerProps {
  /** Index of the first item shown. */
  readonly first: number;
  readonly size: number;
  readonly total: number;
  /** Name of one item. */
  readonly noun: string;
  /** Text shown if there are no items. */
  readonly none: string;
  /** Shows the page that holds this item. */
  readonly onGo: (item: number) => void;
}

export function Pager({ first, size, total, noun, none, onGo }: PagerProps) {
  const last = Math.min(total, first + size);
  const atStart = first === 0;
  const atEnd = last >= total;
  // An address may name a page that there is no longer.
  const isBeyond = total > 0 && first >= total;
  useEffect(() => {
    if (isBeyond) onGo(total - 1);
  }, [isBeyond, onGo, total]);
  return (
    <div className="pager">
      <span className="soft" aria-live="polite">
        {total === 0 ? none : `${format.count(first + 1)}–${format.count(last)} of ${format.counted(total, noun)}`}
      </span>
      <span className="actions">
        <PageButton label="First page" sign="«" disabled={atStart} onGo={() => onGo(0)} />
        <PageButton label="Previous page" sign="‹" disabled={atStart} onGo={() => onGo(first - size)} />
        <PageButton label="Next page" sign="›" disabled={atEnd} onGo={() => onGo(first + size)} />
        <PageButton label="Last page" sign="»" disabled={atEnd} onGo={() => onGo(total - 1)} />
      </span>
    </div>
  );
}

interface PageButtonProps {
  readonly label: string;
  readonly sign: string;
  readonly disabled: boolean;
  readonly onGo: () => void;
}

function PageButton({ label, sign, disabled, onGo }: PageButtonProps) {
  return (
    <button type="button" className="button small" aria-label={label} disabled={disabled} onClick={onGo}>
      <span aria-hidden="true">{sign}</span>
    </button>
  );
}

/** Returns the row that a key leads to from row `index` of `count`, with `pageSize` rows per page; null for other keys. */
export function rowAfterKey(
  key: string,
  { index, count, pageSize }: { readonly index: number; readonly count: number; readonly pageSize: number },
): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: index + 1,
    j: index + 1,
    ArrowUp: index - 1,
    k: index - 1,
    PageDown: index + pageSize,
    PageUp: index - pageSize,
    Home: 0,
    End: count - 1,
  };
  const target = steps[key];
  return target === undefined || count === 0 ? null : Math.min(count - 1, Math.max(0, target));
}

// Lists named values in a grid.

export type Fact = readonly [name: string, value: ReactNode];

export function Facts({ facts, kind = 'grid' }: { readonly facts: readonly Fact[]; readonly kind?: 'grid' | 'list' }) {
  return (
    <dl className={`facts ${kind}`}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
