// Holds the place of the Sets panel.
import type { PanelProps } from '../pages/AnalysePage.tsx';

export function SetsPanel({ subject }: PanelProps) {
  return <p className="soft">{subject.task.corpus.name}</p>;
}
