// The frame every chart stands in: caption, legend, and a box of fixed height that follows the page's width.
import type { ReactElement } from 'react';
import { ResponsiveContainer } from 'recharts';

export interface LegendEntry {
  readonly name: string;
  /** Class that gives the sample its colour and stroke. */
  readonly line: string;
}

export interface ChartFrameProps {
  readonly caption: string;
  readonly legend: readonly LegendEntry[];
  readonly heightPx?: number;
  readonly children: ReactElement;
}

/** Recharts warns about a container of no size when it first renders; an initial size keeps it calm until it has measured. */
const INITIAL_SIZE = { width: 320, height: 220 };

export function ChartFrame({ caption, legend, heightPx = 220, children }: ChartFrameProps) {
  return (
    <figure className="chart">
      <figcaption>
        <span className="chart-caption">{caption}</span>
        <span className="legend">
          {legend.map(({ name, line }) => (
            <span key={name} className="legend-entry">
              <span className={`legend-line ${line}`} aria-hidden="true" />
              {name}
            </span>
          ))}
        </span>
      </figcaption>
      <ResponsiveContainer width="100%" height={heightPx} minWidth={0} initialDimension={INITIAL_SIZE}>
        {children}
      </ResponsiveContainer>
    </figure>
  );
}
