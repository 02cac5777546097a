// Two buttons that choose files or a folder, for whoever does not drag.
import type { ChangeEvent } from 'react';
import { chosenFiles } from '../droppedFiles.ts';
import { useBringIn } from '../useBringIn.ts';
import { useLab } from '../useLab.ts';

export function FileButtons({ folder = true }: { readonly folder?: boolean }) {
  const bringIn = useBringIn();
  const disabled = useLab().state.owner === 'elsewhere';
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const files = chosenFiles(input.files ?? []);
    // Emptied so that choosing the same file again is a change again.
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
