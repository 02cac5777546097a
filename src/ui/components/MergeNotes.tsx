// Where compared runs come from, and inputs that have one name but different content.
import type { MergedRuns } from '../../lab/mergeRuns.ts';
import { format } from '../format.ts';

export function MergeNotes({ merged: { runs, repeated, conflicts } }: { readonly merged: MergedRuns }) {
  const files = [...new Set(runs.flatMap(({ sources }) => sources))].filter((source) => source !== null);
  return (
    <div className="stack">
      {files.length > 0 && (
        <p className="soft">
          {format.counted(runs.length, 'run')} from this browser and {files.join(', ')}
          {repeated > 0 && `; ${format.counted(repeated, 'run')} in more than one place, counted once`}.
        </p>
      )}
      {conflicts.length > 0 && (
        <ul className="problem-list" aria-label="Conflicting inputs">
          {conflicts.map(({ noun, name, versions }) => (
            <li key={`${noun} ${name}`}>
              The {noun} {name} has different content in{' '}
              {versions
                .map(
                  ({ fingerprint, sources }) =>
                    `${sources.map(sourceName).join(', ')} (${format.shortFingerprint(fingerprint)})`,
                )
                .join(' and ')}
              : runs on it are kept apart.
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function sourceName(source: string | null): string {
  return source ?? 'this browser';
}
