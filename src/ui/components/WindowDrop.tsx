// Lets the whole window take dropped files, with a veil that says so while they hover.
import { useEffect, useState } from 'react';
import { droppedFiles } from '../droppedFiles.ts';
import { useBringIn } from '../useBringIn.ts';
import { useLab } from '../useLab.ts';

/** `tags`: whether what is dropped is text to be tagged. */
export function WindowDrop({ tags }: { readonly tags: boolean }) {
  const bringIn = useBringIn();
  const isElsewhere = useLab().state.owner === 'elsewhere';
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
      <p>{isElsewhere ? 'Drop it in the tab that has the lab' : dropText(tags)}</p>
    </div>
  );
}

function dropText(tags: boolean): string {
  return tags ? 'Drop text to tag it' : 'Drop to bring in corpora, a model folder, a plan or a result file';
}
