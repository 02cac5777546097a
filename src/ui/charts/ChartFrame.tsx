// Frames a chart (caption, legend, a box that follows the page's width, buttons to save it) and draws charts one after the other.
import {
  Children,
  cloneElement,
  startTransition,
  useCallback,
  useEffect,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
  type RefObject,
} from 'react';
import { flushSync } from 'react-dom';
import { ResponsiveContainer } from 'recharts';
import { csvText } from '../../util/csv.ts';
import { Button } from '../parts/Button.tsx';
import { Pager, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { saveFile } from '../shared/saveFile.ts';
import { usePageOf } from '../shared/viewState.ts';
import { chartImage, pngOf } from './chartStyle.ts';

export interface LegendEntry {
  readonly name: string;
  /** Class that gives the legend line its colour and stroke, or the stroke itself. */
  readonly line: string | { readonly stroke: string; readonly dash: string | undefined };
  /** Present where the entry hides its line or shows it again. */
  readonly toggle?: { readonly isHidden: boolean; readonly onToggle: () => void };
}

export interface ChartFrameProps {
  readonly caption: string;
  readonly legend: readonly LegendEntry[];
  /** Returns what is drawn as rows of a table with a head, for the CSV file. */
  readonly rows: () => readonly (readonly (string | number | null)[])[];
  /** Controls of this chart. */
  readonly controls?: ReactNode;
  readonly heightPx?: number;
  /** Why there is nothing to draw; null where there is. */
  readonly empty: string | null;
  /** What a reader of the picture has to know. */
  readonly note?: string | undefined;
  /** A chart of recharts, or a function that draws at the frame's width in pixels. */
  readonly children: ReactElement | ((widthPx: number) => ReactElement);
}

/** Initial size until recharts has measured, as it warns about a container of no size on first render. */
const INITIAL_SIZE = { width: 320, height: 220 };

export function ChartFrame({
  caption,
  legend,
  rows,
  controls,
  heightPx = 220,
  empty,
  note,
  children,
}: ChartFrameProps) {
  const [isTable, setTable] = useState(false);
  const figure = useRef<HTMLElement>(null);
  const isLong = legend.length > LONG_LEGEND && legend.every(({ toggle }) => toggle !== undefined);
  return (
    <figure className="chart" ref={figure} aria-label={caption}>
      <figcaption>
        <span className="chart-caption">{caption}</span>
        <span className={isLong ? 'legend long' : 'legend'}>
          {legend.map((entry, index) => (
            <Entry key={index} {...entry} />
          ))}
        </span>
      </figcaption>
      {controls !== undefined && <div className="filters chart-controls">{controls}</div>}
      {empty !== null ? (
        <p className="chart-empty" style={{ minHeight: Math.min(heightPx, EMPTY_HEIGHT_PX) }}>
          {empty}
        </p>
      ) : isTable ? (
        <ChartTable caption={caption} rows={rows()} />
      ) : typeof children === 'function' ? (
        <OwnWidth heightPx={heightPx}>{children}</OwnWidth>
      ) : (
        <Drawing heightPx={heightPx}>{children}</Drawing>
      )}
      {note !== undefined && <p className="chart-note">{note}</p>}
      {empty === null && (
        <div className="chart-save">
          <Button
            kind="quiet"
            label={isTable ? `Show ${caption} as chart` : `Show ${caption} as table`}
            onAct={() => setTable(!isTable)}
          >
            {isTable ? 'Show as chart' : 'Show as table'}
          </Button>
          <SaveButtons caption={caption} figure={figure} rows={rows} isDrawn={!isTable} />
        </div>
      )}
    </figure>
  );
}

const EMPTY_HEIGHT_PX = 120;
/** More entries scroll in their box, if the keyboard reaches each. */
const LONG_LEGEND = 8;

/** What is drawn in the first turns of a chart: as many of its children. */
const MOUNTED_PARTS = [0, 3].map((count) => (chart: ReactElement) => {
  const { children } = chart.props as { readonly children?: ReactNode };
  return cloneElement(chart, undefined, Children.toArray(children).slice(0, count));
});

/** A chart of recharts, which takes tens of milliseconds to mount and to follow: first comes the frame, then the picture in its turn. */
function Drawing({ heightPx, children }: { readonly heightPx: number; readonly children: ReactElement }) {
  // A whole one would take too long to mount at once: first come its box, its grid and axes, then the lines.
  const drawn = useDrawnInTurn(children, MOUNTED_PARTS);
  if (drawn === null) return <div style={{ height: heightPx }} />;
  return (
    <ResponsiveContainer width="100%" height={heightPx} minWidth={0} initialDimension={INITIAL_SIZE}>
      {drawn}
    </ResponsiveContainer>
  );
}

function Entry({ name, line, toggle }: LegendEntry) {
  const content = (
    <>
      {typeof line === 'string' ? (
        <span className={`legend-line ${line}`} aria-hidden="true" />
      ) : (
        <svg width="22" height="6" aria-hidden="true">
          <line x1="0" x2="22" y1="3" y2="3" stroke={line.stroke} strokeWidth="2" strokeDasharray={line.dash} />
        </svg>
      )}
      {name}
    </>
  );
  if (toggle === undefined) return <span className="legend-entry">{content}</span>;
  return (
    <button
      type="button"
      // Saved pictures have the entries of this class.
      className={toggle.isHidden ? 'legend-toggle hidden-line' : 'legend-toggle legend-entry'}
      aria-pressed={!toggle.isHidden}
      onClick={toggle.onToggle}
    >
      {content}
    </button>
  );
}

const ROWS_PER_PAGE = 100;

/** The numbers of a chart as a table, by pages where they are many. */
function ChartTable({
  caption,
  rows,
}: {
  readonly caption: string;
  readonly rows: ReturnType<ChartFrameProps['rows']>;
}) {
  const [first, goToItem] = usePageOf(ROWS_PER_PAGE);
  const [head = [], ...body] = rows;
  const isNumber = head.map((_, column) => body.some((row) => typeof row[column] === 'number'));
  return (
    <>
      <TableBox label={caption} className="chart-table">
        <thead>
          <tr>
            {head.map((name, column) => (
              <th key={column} scope="col" className={isNumber[column] === true ? 'number' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.slice(first, first + ROWS_PER_PAGE).map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} className={isNumber[column] === true ? 'number' : undefined}>
                  {cellText(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </TableBox>
      {body.length > ROWS_PER_PAGE && (
        <Pager first={first} size={ROWS_PER_PAGE} total={body.length} noun="row" none="" onGo={goToItem} />
      )}
    </>
  );
}

/** Numbers with at most two decimals, or four digits where they are small: files have all. */
function cellText(cell: string | number | null): string {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell)) return format.count(cell);
  return Math.abs(cell) >= 1 ? cell.toFixed(2) : format.quantity(cell);
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
  /** Whether there is a picture to save. */
  readonly isDrawn: boolean;
}

function SaveButtons({ caption, figure, rows, isDrawn }: SaveButtonsProps) {
  const name = format.fileName(caption);
  const picture = () => (figure.current === null ? null : chartImage(figure.current));
  return (
    <div className="save-buttons" role="group" aria-label={`Save ${caption}`}>
      <Button
        kind="quiet"
        disabled={!isDrawn}
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
        disabled={!isDrawn}
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

// Draws charts one after the other, each in a separate task, so that none of them keeps the page from answering while a run trains.

/** The least pause between two drawings: what a person does comes in between. */
const LEAST_PAUSE_MS = 20;
/** Pauses in lengths of the last drawing: charts take at most a fifth of the page's thread. */
const PAUSES = 4;

/** What the turns need of the platform; times in ms. */
export interface TurnClock {
  readonly now: () => number;
  readonly after: (waitMs: number, act: () => void) => void;
}

const pageClock: TurnClock = {
  now: () => performance.now(),
  after: (waitMs, act) => void setTimeout(act, waitMs),
};

/**
 * Gives each drawing a turn, in the order in which they asked first. One that asks again before its turn keeps its place, and draws what is
 * newest then. After a drawing the next one waits for four times as long as it took.
 */
export class DrawingTurns {
  readonly #waiting = new Set<() => void>();
  readonly #clock: TurnClock;
  #isUnderWay = false;

  constructor(clock: TurnClock = pageClock) {
    this.#clock = clock;
  }

  /** Whether nothing is to be drawn any more, and the pause after the last drawing is over. */
  get isIdle(): boolean {
    return !this.#isUnderWay;
  }

  ask(draw: () => void): void {
    this.#waiting.add(draw);
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#clock.after(0, this.#next);
  }

  leave(draw: () => void): void {
    this.#waiting.delete(draw);
  }

  readonly #next = (): void => {
    const [draw] = this.#waiting;
    if (draw === undefined) {
      this.#isUnderWay = false;
      return;
    }
    this.#waiting.delete(draw);
    const startedMs = this.#clock.now();
    // One that fails takes no turn from the others.
    try {
      draw();
    } finally {
      this.#clock.after(Math.max(LEAST_PAUSE_MS, PAUSES * (this.#clock.now() - startedMs)), this.#next);
    }
  };
}

/** Those of all charts of the page. */
export const pageTurns = new DrawingTurns();

/**
 * Returns `newest` as of the last turn of the component, null before the first. In its first turns the component draws what `parts` make of it.
 * `newest` is never a function, and has to stay the same until there is something else to draw.
 */
export function useDrawnInTurn<Drawn>(newest: Drawn, parts: readonly ((whole: Drawn) => Drawn)[]): Drawn | null {
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const latest = useRef(newest);
  const turn = useRef(0);
  const draw = useCallback(() => {
    const part = parts[turn.current]?.(latest.current) ?? latest.current;
    turn.current++;
    // Drawn within the turn: React would put it off into the task of another chart.
    flushSync(() => setDrawn(() => part));
  }, [parts]);
  useEffect(() => {
    latest.current = newest;
    pageTurns.ask(draw);
  }, [newest, draw]);
  useEffect(() => {
    if (drawn !== null && turn.current <= parts.length) pageTurns.ask(draw);
  }, [drawn, parts, draw]);
  useEffect(() => () => pageTurns.leave(draw), [draw]);
  return drawn;
}
