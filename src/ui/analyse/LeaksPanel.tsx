// Holds the place of the Leaks panel.
import type { PanelProps } from '../pages/AnalysePage.tsx';

export function LeaksPanel({ subject }: PanelProps) {
  return <p className="soft">{subject.task.corpus.name}</p>;
}
