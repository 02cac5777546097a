// Holds the place of the Labels panel.
import type { PanelProps } from '../pages/AnalysePage.tsx';

export function LabelsPanel({ subject }: PanelProps) {
  return <p className="soft">{subject.task.corpus.name}</p>;
}
