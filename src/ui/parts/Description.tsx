// Shows and edits what a person wrote about runs or experiments: name, tags, notes, and whether they are archived.
import { memo, useId, useRef, useState, type FormEvent } from 'react';
import { descriptionLimits, type DescribedKind, type Description } from '../../schema/libraryRecord.ts';
import { format } from '../shared/format.ts';
import { useDescriptions } from '../shared/runName.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { Button, useAct } from './Button.tsx';

/** Shows tags side by side; nothing without any. A row that changes with each step does not draw them again. */
export const TagList = memo(function TagList({ tags }: { readonly tags: readonly string[] | undefined }) {
  if (tags === undefined) return null;
  return (
    <ul className="tag-list" aria-label="Tags">
      {tags.map((tag) => (
        <li key={tag}>{tag}</li>
      ))}
    </ul>
  );
});

/** Shows tags, archive and notes under a heading. */
export function DescriptionText({ description: { tags, notes, archived } }: { readonly description: Description }) {
  if (tags === undefined && notes === undefined && archived === undefined) return null;
  return (
    <div className="description">
      {archived === true && <span className="soft">Archived: hidden from lists until it is unarchived.</span>}
      <TagList tags={tags} />
      {notes !== undefined && <p className="notes">{notes}</p>}
    </div>
  );
}

interface DescribeActionsProps {
  readonly kind: DescribedKind;
  /** The runs or experiments: one, or a selection. */
  readonly ids: readonly string[];
  /** The name of one where nobody gave another. */
  readonly usualName: string;
}

/** Buttons to edit, archive and unarchive; disabled without anything selected, and where another tab owns the lab. */
export function DescribeActions({ kind, ids, usualName }: DescribeActionsProps) {
  const lab = useLabActions();
  const of = useDescriptions(kind);
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const archived = ids.filter((id) => of(id).archived === true);
  const shown = ids.filter((id) => of(id).archived !== true);
  const subject = subjectText(kind, ids, usualName);
  const disabled = isElsewhere || ids.length === 0;
  return (
    <>
      <EditButton key={ids.join()} kind={kind} ids={ids} usualName={usualName} disabled={disabled} />
      {(shown.length > 0 || ids.length === 0) && (
        <Button
          disabled={disabled}
          label={`Archive ${subject}`}
          onAct={() => lab.describe(kind, shown, { archived: true })}
        >
          Archive
        </Button>
      )}
      {archived.length > 0 && (
        <Button
          disabled={disabled}
          label={`Unarchive ${subject}`}
          onAct={() => lab.describe(kind, archived, { archived: false })}
        >
          Unarchive
        </Button>
      )}
    </>
  );
}

function subjectText(kind: DescribedKind, ids: readonly string[], usualName: string): string {
  const noun = kind === 'runs' ? 'run' : 'experiment';
  return ids.length === 1 ? usualName : ids.length === 0 ? `selected ${kind}` : format.counted(ids.length, noun);
}

interface EditButtonProps extends DescribeActionsProps {
  readonly disabled: boolean;
}

function EditButton({ kind, ids, usualName, disabled }: EditButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const titleId = useId();
  const subject = subjectText(kind, ids, usualName);
  return (
    <>
      <Button
        disabled={disabled}
        label={`Edit name, tags and notes of ${subject}`}
        onAct={() => {
          setOpen(true);
          dialog.current?.showModal();
        }}
      >
        {ids.length > 1 ? 'Edit tags' : 'Edit'}
      </Button>
      <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onClose={() => setOpen(false)}>
        <h2 id={titleId}>{subject}</h2>
        {isOpen && (
          // Made again each time, so that a dialog that was left shows what is stored.
          <EditForm kind={kind} ids={ids} usualName={usualName} onClose={() => dialog.current?.close()} />
        )}
      </dialog>
    </>
  );
}

interface EditFormProps extends DescribeActionsProps {
  readonly onClose: () => void;
}

/** Edits everything of one, and the tags of several. */
function EditForm({ kind, ids, usualName, onClose }: EditFormProps) {
  const lab = useLabActions();
  const act = useAct();
  const of = useDescriptions(kind);
  const [first = ''] = ids;
  const [name, setName] = useState(of(first).name ?? '');
  const [notes, setNotes] = useState(of(first).notes ?? '');
  const [tag, setTag] = useState('');
  const tags = [...new Set(ids.flatMap((id) => of(id).tags ?? []))];
  const added = tag.split(',').filter((one) => one.trim() !== '');
  const save = async (event: FormEvent) => {
    event.preventDefault();
    await act(async () => {
      await lab.describe(kind, ids, { ...(ids.length === 1 && { name, notes }), addTags: added });
      onClose();
    });
  };
  return (
    <form className="dialog-body description-form" onSubmit={(event) => void save(event)}>
      {ids.length === 1 && (
        <label>
          Name
          <input
            type="text"
            value={name}
            maxLength={descriptionLimits.nameLength}
            placeholder={usualName}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
      )}
      {tags.length > 0 && (
        <ul className="tag-list" aria-label="Tags">
          {tags.map((one) => (
            <li key={one}>
              {one}
              <button
                type="button"
                aria-label={`Remove tag ${one}`}
                onClick={() => void act(() => lab.describe(kind, ids, { removeTags: [one] }))}
              >
                <span aria-hidden="true">×</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <label>
        {ids.length > 1 ? 'Add tags to all, with commas between' : 'Add tags, with commas between'}
        <input type="text" value={tag} autoComplete="off" onChange={(event) => setTag(event.target.value)} />
      </label>
      {ids.length === 1 && (
        <label>
          Notes
          <textarea
            rows={5}
            value={notes}
            maxLength={descriptionLimits.notesLength}
            onChange={(event) => setNotes(event.target.value)}
          />
        </label>
      )}
      <p className="field-help">
        Names, tags and notes are stored in this browser and are part of exported result files.
      </p>
      <div className="actions">
        <Button onAct={onClose}>Cancel</Button>
        <button type="submit" className="button strong">
          Save
        </button>
      </div>
    </form>
  );
}
