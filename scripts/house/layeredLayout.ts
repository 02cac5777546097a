// Places nodes in layers and routes their arrows: between the nodes of a layer, never through one.

export interface LayoutNode {
  readonly layer: number;
  readonly width: number;
  readonly height: number;
  /** Indices of nodes in lower layers. */
  readonly targets: readonly number[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An arrow as segments: curves from the end of one to the start of the next, straight lines within each. */
export interface Arrow {
  readonly from: number;
  readonly to: number;
  /** From the importing node downwards. */
  readonly points: readonly Point[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Upper left corners, in the order of the nodes. */
  readonly corners: readonly Point[];
  readonly arrows: readonly Arrow[];
}

const gapX = 36;
const gapY = 64;
const laneWidth = 10;
/** Straight length of an arrow before it reaches a node, so that its tip points down. */
const stub = 12;
const sweeps = 24;

/** The contents of a layer: nodes, and lanes for arrows to one target that pass it. */
interface Item {
  readonly node: number | null;
  /** For a lane: where its arrows lead. */
  readonly target: number;
  readonly width: number;
  readonly below: Item[];
  readonly above: Item[];
  center: number;
}

/** Keeps every layer within `widest` if its nodes allow that. */
export function layeredLayout(nodes: readonly LayoutNode[], margin: number, widest: number): Layout {
  const layers = layersOf(nodes);
  orderLayers(layers);
  placeLayers(layers, widest);
  const items = layers.flat();
  const left = Math.min(...items.map(({ center, width }) => center - width / 2));
  const right = Math.max(...items.map(({ center, width }) => center + width / 2));
  for (const item of items) item.center += margin - left;
  const heights = layers.map((layer) => Math.max(...layer.map(({ node }) => heightOf(nodes, node))));
  const tops = heights.map((_, at) => margin + sum(heights.slice(at + 1)) + gapY * (heights.length - 1 - at));
  const corners: Point[] = [];
  for (const { node, center, width } of items) {
    if (node === null) continue;
    const layer = nodes[node]?.layer ?? 0;
    const spare = ((heights[layer] ?? 0) - heightOf(nodes, node)) / 2;
    corners[node] = { x: center - width / 2, y: (tops[layer] ?? 0) + spare };
  }
  return {
    width: right - left + 2 * margin,
    height: margin * 2 + sum(heights) + gapY * (heights.length - 1),
    corners,
    arrows: arrowsOf(nodes, layers, corners, tops, heights),
  };
}

function layersOf(nodes: readonly LayoutNode[]): Item[][] {
  const layers: Item[][] = Array.from({ length: Math.max(...nodes.map(({ layer }) => layer)) + 1 }, () => []);
  const itemOf = nodes.map(({ layer, width }, node): Item => {
    const item = { node, target: node, width, below: [], above: [], center: 0 };
    layers[layer]?.push(item);
    return item;
  });
  const lanes = new Map<string, Item>();
  for (const [from, { layer, targets }] of nodes.entries()) {
    for (const to of targets) {
      let upper = itemOf[from] as Item;
      for (let at = layer - 1; at >= (nodes[to]?.layer ?? 0); at--) {
        const isLane = at > (nodes[to]?.layer ?? 0);
        const key = `${to} ${at}`;
        let lower = isLane ? lanes.get(key) : itemOf[to];
        if (lower === undefined) {
          lower = { node: null, target: to, width: laneWidth, below: [], above: [], center: 0 };
          lanes.set(key, lower);
          layers[at]?.push(lower);
        }
        if (!upper.below.includes(lower)) {
          upper.below.push(lower);
          lower.above.push(upper);
        }
        upper = lower;
      }
    }
  }
  return layers;
}

/** Orders each layer by the positions of its neighbours, downwards and upwards in turn, and keeps the order with the fewest crossings. */
function orderLayers(layers: Item[][]): void {
  let best = layers.map((layer) => [...layer]);
  let fewest = crossingsOf(layers);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    const isDown = sweep % 2 === 0;
    const indices = layers.map((_, at) => (isDown ? layers.length - 1 - at : at));
    for (const at of indices) {
      const neighbours = layers[at + (isDown ? 1 : -1)];
      const layer = layers[at];
      if (neighbours === undefined || layer === undefined) continue;
      const wanted = new Map(
        layer.map((item, index) => {
          const own = isDown ? item.above : item.below;
          const indexed = own.map((other) => neighbours.indexOf(other));
          return [item, indexed.length === 0 ? index : sum(indexed) / indexed.length];
        }),
      );
      layer.sort((one, other) => (wanted.get(one) ?? 0) - (wanted.get(other) ?? 0));
    }
    const crossings = crossingsOf(layers);
    if (crossings < fewest) {
      fewest = crossings;
      best = layers.map((layer) => [...layer]);
    }
  }
  for (const [at, layer] of best.entries()) layers[at] = layer;
}

function crossingsOf(layers: readonly (readonly Item[])[]): number {
  let crossings = 0;
  for (const [at, layer] of layers.entries()) {
    const lower = layers[at - 1] ?? [];
    const pairs = layer.flatMap((item, index) => item.below.map((other) => [index, lower.indexOf(other)] as const));
    for (const [one, [upper, below]] of pairs.entries()) {
      for (const [otherUpper, otherBelow] of pairs.slice(one + 1)) {
        if ((upper - otherUpper) * (below - otherBelow) < 0) crossings++;
      }
    }
  }
  return crossings;
}

/** Moves the items of each layer towards their neighbours, as far as order and gaps allow. */
function placeLayers(layers: readonly (readonly Item[])[], widest: number): void {
  for (const layer of layers) settle(layer, layer.map(() => widest / 2), widest); // prettier-ignore
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const ordered = sweep % 2 === 0 ? [...layers].reverse() : layers;
    for (const layer of ordered) {
      settle(
        layer,
        layer.map(({ above, below, center }) => {
          const neighbours = [...above, ...below].map((other) => other.center);
          return neighbours.length === 0 ? center : sum(neighbours) / neighbours.length;
        }),
        widest,
      );
    }
  }
}

/** Finds the positions nearest to the wanted ones without overlaps: items that push each other move together. */
function settle(layer: readonly Item[], wanted: readonly number[], widest: number): void {
  const offsets: number[] = [];
  for (const [at, item] of layer.entries()) {
    const before = layer[at - 1];
    const gap = before === undefined ? 0 : (before.width + item.width) / 2 + gapBetween(before, item);
    offsets.push((offsets[at - 1] ?? 0) + gap);
  }
  const runs: { total: number; count: number }[] = [];
  for (const [at, place] of wanted.entries()) {
    runs.push({ total: place - (offsets[at] ?? 0), count: 1 });
    for (let last = runs.length - 1; last > 0; last--) {
      const [earlier, later] = [runs[last - 1], runs[last]];
      if (earlier === undefined || later === undefined) break;
      if (earlier.total / earlier.count <= later.total / later.count) break;
      runs.splice(last - 1, 2, { total: earlier.total + later.total, count: earlier.count + later.count });
    }
  }
  const least = (layer[0]?.width ?? 0) / 2;
  const most = Math.max(least, widest - (offsets.at(-1) ?? 0) - (layer.at(-1)?.width ?? 0) / 2);
  let at = 0;
  for (const { total, count } of runs) {
    const place = Math.min(most, Math.max(least, total / count));
    for (let member = 0; member < count; member++, at++) {
      const item = layer[at];
      if (item !== undefined) item.center = place + (offsets[at] ?? 0);
    }
  }
}

function gapBetween(left: Item, right: Item): number {
  return left.node === null && right.node === null ? laneWidth : gapX * (left.node === null || right.node === null ? 0.6 : 1); // prettier-ignore
}

function arrowsOf(
  nodes: readonly LayoutNode[],
  layers: readonly (readonly Item[])[],
  corners: readonly Point[],
  tops: readonly number[],
  heights: readonly number[],
): readonly Arrow[] {
  const itemOf = new Map(layers.flat().flatMap((item) => (item.node === null ? [] : [[item.node, item] as const])));
  return nodes.flatMap(({ layer, targets }, from) =>
    targets.map((to): Arrow => {
      const start = itemOf.get(from) as Item;
      const points: Point[] = [];
      let upper = start;
      for (let at = layer - 1; ; at--) {
        const isLast = at === (nodes[to]?.layer ?? 0);
        const lower = upper.below.find((item) => item.target === to && (item.node === to) === isLast) as Item;
        if (upper === start) {
          const bottom = (corners[from]?.y ?? 0) + heightOf(nodes, from);
          const x = portOf(start, start.below, lower);
          points.push({ x, y: bottom }, { x, y: (tops[layer] ?? 0) + (heights[layer] ?? 0) });
        }
        if (isLast) {
          const x = portOf(lower, lower.above, upper);
          points.push({ x, y: (tops[at] ?? 0) - stub }, { x, y: corners[to]?.y ?? 0 });
          return { from, to, points };
        }
        const top = tops[at] ?? 0;
        points.push({ x: lower.center, y: top }, { x: lower.center, y: top + (heights[at] ?? 0) });
        upper = lower;
      }
    }),
  );
}

/** Where along the side of a node an arrow attaches: in the order of the other ends. */
function portOf(item: Item, others: readonly Item[], other: Item): number {
  const order = [...others].sort((left, right) => left.center - right.center);
  const share = (order.indexOf(other) + 1) / (order.length + 1);
  const spread = Math.min(item.width * 0.8, 56 * order.length);
  return item.center + (share - 0.5) * spread;
}

function heightOf(nodes: readonly LayoutNode[], node: number | null): number {
  return node === null ? 0 : (nodes[node]?.height ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
