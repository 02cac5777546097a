// Filters a list of runs or experiments by text, by tag and by archive, and shows the status of a run as a word with a mark.
import { useMemo } from 'react';
import type { RunStatus } from '../../schema/runRecord.ts';
import { format } from '../shared/format.ts';
import { STATUS_WORDS } from '../shared/runName.ts';
import { tagsOf, type RunFilter, type RunLine } from './runList.ts';

interface ListFilterProps {
  /** Name of the list. */
  readonly label: string;
  readonly placeholder: string;
  /** All lines, whose tags can be chosen. */
  readonly lines: readonly Pick<RunLine, 'description'>[];
  readonly filter: RunFilter;
  readonly onFilter: (filter: RunFilter) => void;
}

/** Offers tags where there are any, and archived lines where some are. */
export function ListFilter({ label, placeholder, lines, filter, onFilter }: ListFilterProps) {
  const tags = useMemo(() => tagsOf(lines), [lines]);
  const archived = useMemo(() => lines.filter(({ description }) => description.archived === true).length, [lines]);
  return (
    <>
      <label>
        <span className="visually-hidden">Filter {label.toLowerCase()}</span>
        <input
          type="search"
          placeholder={placeholder}
          value={filter.text}
          onChange={(event) => onFilter({ ...filter, text: event.target.value })}
        />
      </label>
      {(tags.length > 0 || filter.tag !== null) && (
        <label>
          Tag{' '}
          <select
            value={filter.tag === null ? '' : `tag:${filter.tag}`}
            onChange={(event) => {
              const { value } = event.target;
              onFilter({ ...filter, tag: value === '' ? null : value.slice('tag:'.length) });
            }}
          >
            <option value="">any</option>
            {tags.map((tag) => (
              <option key={tag} value={`tag:${tag}`}>
                {tag}
              </option>
            ))}
          </select>
        </label>
      )}
      {(archived > 0 || filter.archived !== 'hidden') && (
        <label>
          Archived{' '}
          <select
            value={filter.archived}
            onChange={(event) => onFilter({ ...filter, archived: event.target.value as RunFilter['archived'] })}
          >
            <option value="hidden">hidden ({format.count(archived)})</option>
            <option value="shown">shown</option>
            <option value="only">only these</option>
          </select>
        </label>
      )}
    </>
  );
}

// Shows the status of a run as a word with a mark of distinct shape.

export function StatusMark({ status, detail }: { readonly status: RunStatus; readonly detail?: string | undefined }) {
  return (
    <span className={`status ${status}`}>
      <span className="status-dot" aria-hidden="true" />
      {STATUS_WORDS[status]}
      {detail !== undefined && <span className="faint"> {detail}</span>}
    </span>
  );
}
