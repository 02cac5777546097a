// Draws how a method trains: the layers of the encoder under each task, pretrained ones and those taken from the shared model.
import type { Method } from '../../schema/methods.ts';

/** Layers drawn for an encoder, whatever the model has. */
const LAYERS = 4;
const LAYER = { width: 26, height: 7, gap: 2 } as const;
const COLUMN_GAP = 10;
const HEAD_RADIUS = 4;

/** Below the layers, where some methods write what text asks for. */
const QUESTION_HEIGHT = 5;

const HEIGHT = HEAD_RADIUS * 2 + 4 + LAYERS * (LAYER.height + LAYER.gap);

/** Encoders of a method: how many tasks each has, and how many of its lower layers are shared with other tasks. */
interface DrawnEncoder {
  readonly heads: number;
  readonly shared: number;
  /** Draws each head hollow: its labels are partial. */
  readonly isPartial?: true;
  /** Draws a line at each side below the layers: words round the text ask for a type. */
  readonly asks?: true;
  /** Draws an arrow's line to the encoder beside it, which it reads. */
  readonly reads?: true;
}

const ENCODERS: Readonly<Record<Method, readonly DrawnEncoder[]>> = {
  STL: [
    { heads: 1, shared: 0 },
    { heads: 1, shared: 0 },
  ],
  'MTL-XC': [{ heads: 2, shared: LAYERS }],
  'MTL-LS': [
    { heads: 1, shared: LAYERS / 2 },
    { heads: 1, shared: LAYERS / 2 },
  ],
  'MTL-PL': [{ heads: 2, shared: LAYERS, isPartial: true }],
  'PL-LS': [
    { heads: 1, shared: LAYERS / 2, isPartial: true },
    { heads: 1, shared: LAYERS / 2, isPartial: true },
  ],
  AIO: [{ heads: 1, shared: LAYERS, asks: true }],
  'AIO-LS': [
    { heads: 1, shared: LAYERS / 2, asks: true },
    { heads: 1, shared: LAYERS / 2, asks: true },
  ],
  CollaboNet: [
    { heads: 1, shared: 0, reads: true },
    { heads: 1, shared: 0, reads: true },
  ],
  Average: [
    { heads: 1, shared: LAYERS },
    { heads: 1, shared: LAYERS },
  ],
  TIES: [
    { heads: 1, shared: LAYERS },
    { heads: 1, shared: LAYERS },
  ],
};

const PICTURE_WIDTH = 2 * LAYER.width + COLUMN_GAP;

/** Decoration beside the name and the description of the method, which say the same. */
export function MethodPicture({ method }: { readonly method: Method }) {
  const encoders = ENCODERS[method];
  const width = (PICTURE_WIDTH - COLUMN_GAP * (encoders.length - 1)) / encoders.length;
  return (
    <svg
      className="method-picture"
      viewBox={`0 0 ${PICTURE_WIDTH} ${HEIGHT + QUESTION_HEIGHT}`}
      width={PICTURE_WIDTH}
      height={HEIGHT + QUESTION_HEIGHT}
      aria-hidden="true"
    >
      {encoders.map(({ heads, shared, isPartial = false, asks = false, reads = false }, column) => {
        const left = column * (width + COLUMN_GAP);
        return (
          <g key={column}>
            {Array.from({ length: heads }, (_, head) => (
              <circle
                key={head}
                className={isPartial ? 'task-head partial' : 'task-head'}
                cx={left + (width * (2 * head + 1)) / (2 * heads)}
                cy={HEAD_RADIUS + 0.5}
                r={HEAD_RADIUS - 0.5}
              />
            ))}
            {Array.from({ length: LAYERS }, (_, layer) => (
              <rect
                key={layer}
                className={layer < shared ? 'layer shared' : 'layer'}
                x={left + 0.5}
                y={HEIGHT - (layer + 1) * (LAYER.height + LAYER.gap) + LAYER.gap - 0.5}
                width={width - 1}
                height={LAYER.height}
                rx={1.5}
              />
            ))}
            {reads && (
              <line
                className="task-question"
                x1={column === 0 ? left + width : left}
                x2={column === 0 ? left + width + COLUMN_GAP : left - COLUMN_GAP}
                y1={HEIGHT - LAYER.height * (column + 1)}
                y2={HEIGHT - LAYER.height * (column + 1)}
              />
            )}
            {asks &&
              [left + 1.5, left + width - 1.5].map((x) => (
                <line key={x} className="task-question" x1={x} x2={x} y1={HEIGHT} y2={HEIGHT + QUESTION_HEIGHT} />
              ))}
          </g>
        );
      })}
    </svg>
  );
}
