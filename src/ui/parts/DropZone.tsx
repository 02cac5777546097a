// A box that says what can be dropped; the whole window accepts the drop.
import { useEffect, useState, type ChangeEvent, type ReactNode } from 'react';
import { chosenFiles, droppedFiles, useBringIn } from '../shared/dropEntries.ts';
import { useLab } from '../shared/useLab.ts';

/** Offers two buttons to choose files or a folder without dragging. */
function FileButtons({ folder = true }: { readonly folder?: boolean }) {
  const bringIn = useBringIn();
  const disabled = useLab((state) => state.owner === 'elsewhere');
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const files = chosenFiles(input.files ?? []);
    // Cleared so that choosing the same file again fires a change event.
    input.value = '';
    if (files.length > 0) bringIn(async () => files);
  };
  return (
    <div className="actions">
      <label className="button">
        <input className="visually-hidden" type="file" multiple disabled={disabled} onChange={take} />
        Choose files
      </label>
      {folder && (
        <label className="button">
          <input ref={takeFolders} className="visually-hidden" type="file" disabled={disabled} onChange={take} />
          Choose folder
        </label>
      )}
    </div>
  );
}

/** React's types do not know `webkitdirectory`, so it is set on the element. */
function takeFolders(input: HTMLInputElement | null): void {
  if (input !== null) input.webkitdirectory = true;
}

export function DropZone({ children, folder = true }: { readonly children: ReactNode; readonly folder?: boolean }) {
  return (
    <div className="drop-zone">
      <div className="drop-zone-text">{children}</div>
      <FileButtons folder={folder} />
    </div>
  );
}

/** Handles drops on the whole window. `tags`: whether the dropped text is to be tagged. */
export function WindowDrop({ tags }: { readonly tags: boolean }) {
  const bringIn = useBringIn();
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const [hovering, setHovering] = useState(false);
  useEffect(() => {
    // dragenter and dragleave fire for every element passed; the depth tells when the window itself is left.
    let depth = 0;
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth++;
      setHovering(true);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setHovering(false);
    };
    const over = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      depth = 0;
      setHovering(false);
      if (event.dataTransfer === null || !carriesFiles(event)) return;
      event.preventDefault();
      const files = droppedFiles(event.dataTransfer);
      bringIn(() => files);
    };
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, [bringIn]);
  if (!hovering) return null;
  return (
    <div className="veil" role="status">
      <p>{isElsewhere ? 'Drop it in the other tab, where the lab is active' : dropText(tags)}</p>
    </div>
  );
}

function dropText(tags: boolean): string {
  return tags ? 'Drop text to tag it' : 'Drop to import corpora, a model folder, a plan or a result file';
}
