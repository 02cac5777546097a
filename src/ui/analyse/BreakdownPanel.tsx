// Holds the place of the Breakdown panel.
import type { PanelProps } from '../pages/AnalysePage.tsx';

export function BreakdownPanel({ subject }: PanelProps) {
  return <p className="soft">{subject.task.corpus.name}</p>;
}
