// A box that says what can be dropped here; the whole window takes the drop.
import type { ReactNode } from 'react';
import { FileButtons } from './FileButtons.tsx';

export function DropZone({ children, folder = true }: { readonly children: ReactNode; readonly folder?: boolean }) {
  return (
    <div className="drop-zone">
      <div className="drop-zone-text">{children}</div>
      <FileButtons folder={folder} />
    </div>
  );
}
