// Holds the place of the Errors panel.
import type { PanelProps } from '../pages/AnalysePage.tsx';

export function ErrorsPanel({ subject }: PanelProps) {
  return <p className="soft">{subject.task.corpus.name}</p>;
}
