// Lists problems found in a person's files with their locations, filtered by severity and text.
import { useState } from 'react';
import type { Issue, Severity } from '../../data/corpus/issues.ts';
import { format } from '../shared/format.ts';
import { TableBox } from './TableBox.tsx';

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];
const SEVERITY_WORDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };
const SHOWN_AT_FIRST = 20;

export function IssueList({ issues, issueCount }: { readonly issues: readonly Issue[]; readonly issueCount: number }) {
  const [severity, setSeverity] = useState<Severity | 'all'>('all');
  const [text, setText] = useState('');
  const [all, setAll] = useState(false);
  const wanted = text.trim().toLowerCase();
  const found = issues.filter(
    (issue) =>
      (severity === 'all' || issue.severity === severity) &&
      (wanted === '' || `${placeOf(issue)} ${issue.message}`.toLowerCase().includes(wanted)),
  );
  const shown = all ? found : found.slice(0, SHOWN_AT_FIRST);
  return (
    <>
      <div className="filters">
        <label>
          Severity{' '}
          <select
            value={severity}
            onChange={(event) => setSeverity(SEVERITIES.find((known) => known === event.target.value) ?? 'all')}
          >
            <option value="all">all ({format.count(issues.length)})</option>
            {SEVERITIES.map((known) => (
              <option key={known} value={known}>
                {SEVERITY_WORDS[known]} ({format.count(issues.filter((issue) => issue.severity === known).length)})
              </option>
            ))}
          </select>
        </label>
        <label>
          Filter issues <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        <span className="soft" aria-live="polite">
          {format.counted(found.length, 'issue')}
          {issueCount > issues.length &&
            `; only the first ${format.count(issues.length)} of ${format.count(issueCount)} were recorded`}
        </span>
      </div>
      {shown.length > 0 && (
        <TableBox label="Issues">
          <thead>
            <tr>
              <th scope="col">Severity</th>
              <th scope="col">Location</th>
              <th scope="col">Message</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((issue, index) => (
              <tr key={index}>
                <td>
                  <span className={`severity ${issue.severity}`}>{SEVERITY_WORDS[issue.severity]}</span>
                </td>
                <td className="mono nowrap">{placeOf(issue)}</td>
                <td className="message">{issue.message}</td>
              </tr>
            ))}
          </tbody>
        </TableBox>
      )}
      {found.length > SHOWN_AT_FIRST && (
        <button type="button" className="link" onClick={() => setAll(!all)}>
          {all ? `Show the first ${SHOWN_AT_FIRST}` : `Show all ${format.count(found.length)}`}
        </button>
      )}
    </>
  );
}

function placeOf(issue: Issue): string {
  return issue.line === null ? issue.file : `${issue.file}:${issue.line}`;
}
