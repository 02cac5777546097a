// Lists stored items that cannot be shown, each with the reason and a button that removes it.
import type { StoredKind } from '../../storage/records.ts';
import { LabError } from '../../util/labError.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { RemoveButton } from './RemoveButton.tsx';

const NOUNS: Readonly<Record<StoredKind, string>> = {
  corpus: 'corpus',
  model: 'model',
  run: 'run',
  result: 'result file',
  download: 'download',
  review: 'review',
  dictionary: 'dictionary',
};

/** What brings an item back, where something can. */
const MENDS: Readonly<Record<StoredKind, string>> = {
  corpus: 'Drop its files again to store it again.',
  model: 'Drop its folder again, or download it again, to store it again.',
  run: 'Start its plan again to train it again.',
  result: 'Drop the result file again if another copy of it opens.',
  download: 'Download the model again.',
  review: 'Tag the text again to review it again.',
  dictionary: 'Read its file again to store it again.',
};

/** Shows nothing where every item of the kind can be read. */
export function UnreadableList({ kind }: { readonly kind: StoredKind }) {
  const lab = useLabActions();
  const unreadable = useLab((state) => state.unreadable);
  const items = unreadable.filter((item) => item.kind === kind);
  if (items.length === 0) return null;
  const noun = NOUNS[kind];
  return (
    <div role="group" aria-label={`Unreadable: ${noun}`}>
      {items.map(({ id, reason }) => (
        <div key={id} className="problem boxed">
          <div className="title-row">
            <p>
              The stored {noun} <code>{id}</code> cannot be shown. {LabError.describe(reason)} {MENDS[kind]}
            </p>
            <RemoveButton
              subject={`unreadable ${noun} ${id}`}
              loss={<p>Everything stored for this {noun} will be deleted. Nothing else is affected.</p>}
              onRemove={() => lab.removeUnreadable(kind, id)}
            />
          </div>
        </div>
      ))}
    </div>
  );
}
