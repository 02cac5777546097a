// Frames a chart: caption, legend, a box of fixed height that follows the page's width, and buttons to save it.
import {
  startTransition,
  useCallback,
  useDeferredValue,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
  type RefObject,
} from 'react';
import { ResponsiveContainer } from 'recharts';
import { csvText } from '../../lab/comparison/tableText.ts';
import { Button } from '../parts/Button.tsx';
import { format } from '../shared/format.ts';
import { saveFile } from '../shared/saveFile.ts';
import { chartImage, pngOf } from './chartImage.ts';

export interface LegendEntry {
  readonly name: string;
  /** Class that gives the legend line its colour and stroke, or the stroke itself. */
  readonly line: string | { readonly stroke: string; readonly dash: string | undefined };
}

export interface ChartFrameProps {
  readonly caption: string;
  readonly legend: readonly LegendEntry[];
  /** Returns what is drawn as rows of a table with a head, for the CSV file. */
  readonly rows: () => readonly (readonly (string | number | null)[])[];
  /** Controls of this chart. */
  readonly controls?: ReactNode;
  readonly heightPx?: number;
  /** What a reader of the picture has to know. */
  readonly note?: string | undefined;
  /** A chart of recharts, or a function that draws at the frame's width in pixels. */
  readonly children: ReactElement | ((widthPx: number) => ReactElement);
}

/** Initial size until recharts has measured, as it warns about a container of no size on first render. */
const INITIAL_SIZE = { width: 320, height: 220 };

export function ChartFrame({ caption, legend, rows, controls, heightPx = 220, note, children }: ChartFrameProps) {
  const figure = useRef<HTMLElement>(null);
  // First the frame, then the picture, which takes as long again to mount.
  const isFramed = useDeferredValue(true, false);
  return (
    <figure className="chart" ref={figure} aria-label={caption}>
      <figcaption>
        <span className="chart-caption">{caption}</span>
        <span className="legend">
          {legend.map(({ name, line }) => (
            <span key={name} className="legend-entry">
              {typeof line === 'string' ? (
                <span className={`legend-line ${line}`} aria-hidden="true" />
              ) : (
                <svg width="22" height="6" aria-hidden="true">
                  <line x1="0" x2="22" y1="3" y2="3" stroke={line.stroke} strokeWidth="2" strokeDasharray={line.dash} />
                </svg>
              )}
              {name}
            </span>
          ))}
        </span>
      </figcaption>
      {controls !== undefined && <div className="filters chart-controls">{controls}</div>}
      {typeof children === 'function' ? (
        <OwnWidth heightPx={heightPx}>{children}</OwnWidth>
      ) : !isFramed ? (
        <div style={{ height: heightPx }} />
      ) : (
        <ResponsiveContainer width="100%" height={heightPx} minWidth={0} initialDimension={INITIAL_SIZE}>
          {children}
        </ResponsiveContainer>
      )}
      {note !== undefined && <p className="chart-note">{note}</p>}
      <SaveButtons caption={caption} figure={figure} rows={rows} />
    </figure>
  );
}

interface OwnWidthProps {
  readonly heightPx: number;
  readonly children: (widthPx: number) => ReactElement;
}

function OwnWidth({ heightPx, children }: OwnWidthProps) {
  const [width, setWidth] = useState(INITIAL_SIZE.width);
  const follow = useCallback((box: HTMLElement | null) => {
    if (box === null) return;
    const observer = new ResizeObserver(([entry]) => {
      // This is reported while a frame is being drawn: the picture follows in slices.
      if (entry !== undefined) startTransition(() => setWidth(entry.contentRect.width));
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={follow} style={{ height: heightPx }}>
      {children(width)}
    </div>
  );
}

interface SaveButtonsProps extends Pick<ChartFrameProps, 'caption' | 'rows'> {
  readonly figure: RefObject<HTMLElement | null>;
}

function SaveButtons({ caption, figure, rows }: SaveButtonsProps) {
  const name = format.fileName(caption);
  const picture = () => (figure.current === null ? null : chartImage(figure.current));
  return (
    <div className="chart-save" role="group" aria-label={`Save ${caption}`}>
      <Button
        kind="quiet"
        label={`Save ${caption} as SVG`}
        onAct={() => {
          const svg = picture();
          if (svg !== null) saveFile(`${name}.svg`, new Blob([svg.text], { type: 'image/svg+xml' }));
        }}
      >
        SVG
      </Button>
      <Button
        kind="quiet"
        label={`Save ${caption} as PNG`}
        onAct={async () => {
          const svg = picture();
          if (svg !== null) saveFile(`${name}.png`, await pngOf(svg));
        }}
      >
        PNG
      </Button>
      <Button
        kind="quiet"
        label={`Save ${caption} as CSV`}
        onAct={() => saveFile(`${name}.csv`, new Blob([csvText(rows())], { type: 'text/csv' }))}
      >
        CSV
      </Button>
    </div>
  );
}
