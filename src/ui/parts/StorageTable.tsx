// Lists what can be removed to free storage, largest first, and items that cannot be shown, and says where storage is full.
import { useEffect, useState } from 'react';
import type { LabState, StoredItem } from '../../lab/state/labState.ts';
import type { StoredKind } from '../../storage/records.ts';
import { LabError } from '../../util/labError.ts';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { methodName, runName, useRunNaming, type RunNaming } from '../shared/runName.ts';
import { shallow, useLab, useLabActions, useRunRecord } from '../shared/useLab.ts';
import { Button, RemoveButton } from './Button.tsx';
import { ActionsHead, TableBox } from './TableBox.tsx';

/** Most rows shown: small items free little storage. */
const SHOWN = 8;

export function StorageTable() {
  const lab = useLabActions();
  const [items, setItems] = useState<readonly StoredItem[] | null>(null);
  // Requested again when something was stored or removed, not with every step of a run.
  const known = useLab(({ runs, models, downloads, usage }) =>
    [runs.length, models.length, downloads.length, usage?.usedBytes].join(),
  );
  useEffect(() => {
    let wanted = true;
    void lab.removableItems().then((found) => wanted && setItems(found));
    return () => {
      wanted = false;
    };
  }, [lab, known]);
  if (items === null || items.length === 0) return null;
  const rest = items.slice(SHOWN);
  return (
    <>
      <TableBox label="What can be removed">
        <thead>
          <tr>
            <th scope="col">Can be removed</th>
            <th scope="col" className="number">
              Size
            </th>
            <ActionsHead />
          </tr>
        </thead>
        <tbody>
          {items.slice(0, SHOWN).map((item) => (
            <StorageRow key={`${item.kind} ${item.id}`} item={item} />
          ))}
        </tbody>
      </TableBox>
      {rest.length > 0 && (
        <p className="soft">
          {format.counted(rest.length, 'smaller item')} with{' '}
          {format.bytes(rest.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))} together{' '}
          {rest.length === 1 ? 'is' : 'are'} not listed.
        </p>
      )}
    </>
  );
}

function StorageRow({ item }: { readonly item: StoredItem }) {
  const lab = useLabActions();
  const naming = useRunNaming();
  const { name, href } = useLab((state) => describe(item, state, naming), shallow);
  const remove = {
    run: () => lab.removeRun(item.id),
    model: () => lab.removeModel(item.id),
    download: () => lab.discardDownload(item.id),
  }[item.kind];
  return (
    <tr>
      <th scope="row">
        {href === null ? name : <a href={href}>{name}</a>}
        <span className="tag">{item.kind}</span>
      </th>
      <td className="number">{format.bytes(item.sizeBytes)}</td>
      <td className="number">
        <RemoveButton subject={`${item.kind} ${name}`} loss={<p>{LOSS[item.kind]}</p>} onRemove={remove} />
      </td>
    </tr>
  );
}

const LOSS = {
  run: 'Its history, scores and snapshots will be deleted. Export the result first to keep its scores.',
  model: 'It has to be imported again to train from it. Results stay.',
  download: 'The part downloaded so far has to be downloaded again.',
} as const;

function describe(
  { kind, id }: StoredItem,
  { runs, models, downloads }: LabState,
  { layersOf, givenName }: RunNaming,
): { readonly name: string; readonly href: string | null } {
  if (kind === 'run') {
    const spec = runs.find(({ record }) => record.spec.id === id)?.record.spec;
    if (spec === undefined) return { name: id, href: null };
    const name = `${givenName(id) ?? runName(spec)} · ${methodName(spec, layersOf(spec.model.id))}, seed ${spec.seed}`;
    return { name, href: routeHref({ page: 'run', runId: id }) };
  }
  if (kind === 'model')
    return {
      name: models.find((model) => model.id === id)?.name ?? id,
      href: routeHref({ page: 'library', section: 'models' }),
    };
  const download = downloads.find(({ record }) => record.id === id);
  return { name: download?.record.source.repository ?? id, href: routeHref({ page: 'library', section: 'models' }) };
}

/** Says that storage is full and offers to free some; nothing otherwise. */
export function StorageFull() {
  const lab = useLabActions();
  const record = useRunRecord(useLab((state) => state.storageFullRun));
  const { givenName } = useRunNaming();
  if (record === undefined) return null;
  const { spec, failure } = record;
  return (
    <section className="panel needs-room" aria-labelledby="needs-room-title" role="alert">
      <h2 id="needs-room-title">Paused: storage is full</h2>
      <p>
        <a href={routeHref({ page: 'run', runId: spec.id })}>
          {givenName(spec.id) ?? runName(spec)}, seed {spec.seed}
        </a>{' '}
        is paused at its last resume point, and waiting runs keep their places in the queue.{' '}
        {failure !== null && LabError.describe(failure)}
      </p>
      <p>It resumes automatically once something is removed in this lab. If you free space elsewhere, try again.</p>
      <StorageTable />
      <div className="actions">
        <Button kind="strong" onAct={() => lab.resumeRun(spec.id)}>
          Try again
        </Button>
      </div>
    </section>
  );
}

// Lists stored items that cannot be shown, each with the reason and a button that removes it.

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
