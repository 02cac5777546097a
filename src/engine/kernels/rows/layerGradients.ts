// Gradients of all weights of a small layer in one launch: products over rows, sums of columns, attention's biases.
import { kernel, reads, STATE, writes, type Kernel } from '../../gpu/kernel.ts';
import { aligned, type Recorder, type Region } from '../../gpu/recorder.ts';
import type { MergedPlaces } from '../attention/attentionMerged.ts';
import type { AttentionShape, AttentionTerms } from '../attention/attentionScores.ts';
import type { RowBlock } from './rowBlocks.ts';
import { workPlaces } from './rowsBackward.ts';
import { savedPlaces, type LayerPlaces, type RowsShape } from './rowsForward.ts';

const TILE = 32;
const DEPTH = 16;
const THREADS = 64;
/** A size that says that a product has no bias. */
const NONE = 0xffffffff;

type BufferName = 'h' | 'saved' | 'work' | 'dQkv';

/** A product over the rows: the gradient of `weight`, and of `bias` as the sums of the right operand's columns. */
interface Task {
  readonly weight: string;
  readonly bias: string | null;
  readonly left: BufferName;
  readonly right: BufferName;
  /** Whether each operand has the inner width. */
  readonly deep: readonly [left: boolean, right: boolean];
}

function tasksOf(biased: boolean): readonly Task[] {
  const projection = (name: string): Task => ({
    weight: `attention.${name}`,
    bias: biased ? `attention.${name}.bias` : null,
    left: 'h',
    right: 'dQkv',
    deep: [false, false],
  });
  return [
    ...['query', 'key', 'value'].map(projection),
    { ...projection('output'), left: 'saved', right: 'work' },
    {
      weight: 'feedForward.inner.kernel',
      bias: 'feedForward.inner.bias',
      left: 'saved',
      right: 'work',
      deep: [false, true],
    },
    {
      weight: 'feedForward.outer.kernel',
      bias: 'feedForward.outer.bias',
      left: 'work',
      right: 'work',
      deep: [true, false],
    },
  ];
}

const NORMS = [
  'feedForward.norm.scale',
  'feedForward.norm.shift',
  'attention.norm.scale',
  'attention.norm.shift',
] as const;

const tilesOf = (columns: number): number => Math.ceil((4 * columns) / TILE);

const upTo = (count: number): readonly number[] => [...Array(count).keys()];

function gradientsKernel({ width, inner }: RowBlock, terms: AttentionTerms): Kernel {
  const tasks = tasksOf(terms === 'absolute');
  const relative = terms === 'relative';
  const depths = ([left, right]: Task['deep']) => [left ? inner : width, right ? inner : width] as const;
  let end = 0;
  const choices = tasks.map((task, at) => {
    const [left, right] = depths(task.deep);
    const first = end;
    end += tilesOf(left) * tilesOf(right);
    const text = `{ tile = group.x - ${first}u; leftWidth = ${left}u; rightWidth = ${right}u; leftAt = sizes.left${at}; rightAt = sizes.right${at}; outAt = sizes.out${at}; biasAt = sizes.bias${at}; across = ${tilesOf(right)}u; task = ${at}u; }`;
    return at === tasks.length - 1 ? text : `if (group.x < ${end}u) ${text}`;
  });
  const operand = (side: 'left' | 'right'): string =>
    `fn ${side}Of(task: u32, at: u32) -> vec4f {
  switch (task) {
${tasks
  .slice(0, -1)
  .map((task, at) => `    case ${at}u: { return ${task[side]}[at]; }`)
  .join('\n')}
    default: { return ${(tasks.at(-1) as Task)[side]}[at]; }
  }
}`;
  const norms = Math.ceil((NORMS.length * width) / THREADS);
  const load = (
    side: 'left' | 'right',
    into: string,
  ): string => `for (var item = thread; item < ${(DEPTH * TILE) / 4}u; item += ${THREADS}u) {
  let row = step + item / ${TILE / 4}u;
  let column = ${side}First + item % ${TILE / 4}u;
  var value = vec4f();
  if (row < sizes.rows && column < ${side}Width) { value = ${side}Of(task, ${side}At + row * ${side}Width + column); }
  ${into}[item] = value;
}`;
  const biases = `
let column = group.x - ${end + norms}u;
let head = column / (${width}u / sizes.heads);
let e0 = biases[3u * sizes.biasStride + column];
let e1 = biases[3u * sizes.biasStride + ${width}u + column];
let s = biases[2u * sizes.biasStride + column];
var total: array<vec4f, 5>;
for (var row = thread; row < sizes.rows; row += ${THREADS}u) {
  let at = row * ${width}u + column;
  let sums = dQkv[sizes.partsAt + 2u * sizes.stride + ((row / sizes.pieces) * sizes.heads + head) * sizes.pieces + row % sizes.pieces];
  total[0] += dQkv[sizes.partsAt + at];
  total[1] += dQkv[sizes.partsAt + sizes.stride + at];
  total[2] += sums.x * e0 + sums.y * e1;
  total[3] += sums.x * (qkv[at] + s);
  total[4] += sums.y * (qkv[at] + s);
}
for (var which = 0u; which < 5u; which++) { lanes[which * ${THREADS}u + thread] = total[which]; }
workgroupBarrier();
if (thread >= 5u) { return; }
var sum = vec4f();
for (var lane = 0u; lane < ${THREADS}u; lane++) { sum += lanes[thread * ${THREADS}u + lane]; }
put(sizes.biasesAt + select(thread * sizes.biasStride, 3u * sizes.biasStride + ${width}u, thread == 4u) + column, sum);`;
  return kernel<string, string>({
    name: `gradients of a layer, ${4 * width} and ${4 * inner}${relative ? '' : ', absolute'}`,
    sizes: {
      rows: 'u32',
      groups: 'u32',
      partials: 'u32',
      heads: 'u32',
      pieces: 'u32',
      partsAt: 'u32',
      stride: 'u32',
      biasStride: 'u32',
      biasesAt: 'u32',
      ...Object.fromEntries(NORMS.map((_, at) => [`norm${at}`, 'u32'])),
      ...Object.fromEntries(
        tasks.flatMap((_, at) => ['left', 'right', 'out', 'bias'].map((what) => [`${what}${at}`, 'u32'])),
      ),
    } as Record<string, 'u32'>,
    buffers: {
      h: reads('vec4<f32>'),
      saved: reads('vec4<f32>'),
      work: reads('vec4<f32>'),
      dQkv: reads('vec4<f32>'),
      ...(relative ? { qkv: reads('vec4<f32>'), biases: reads('vec4<f32>') } : {}),
      state: reads('u32'),
      gradient: writes('vec4<f32>'),
    },
    workgroup: [THREADS, 1, 1],
    module: `var<workgroup> leftTile: array<vec4f, ${(DEPTH * TILE) / 4}>;
var<workgroup> rightTile: array<vec4f, ${(DEPTH * TILE) / 4}>;
${relative ? `var<workgroup> lanes: array<vec4f, ${5 * THREADS}>;` : ''}
${operand('left')}
${operand('right')}
fn put(at: u32, value: vec4f) { gradient[at] = value + select(vec4f(), gradient[at], state[${STATE.accumulate}] != 0u); }`,
    body: `if (group.x < ${end}u) {
var tile = 0u; var task = 0u; var leftWidth = 0u; var rightWidth = 0u; var leftAt = 0u; var rightAt = 0u; var outAt = 0u; var biasAt = 0u; var across = 1u;
${choices.join(' else ')}
let leftFirst = tile / across * ${TILE / 4}u;
let rightFirst = tile % across * ${TILE / 4}u;
let x = thread % 8u;
let y = thread / 8u;
${upTo(4)
  .map((a) => `var sum${a} = vec4f();`)
  .join('\n')}
var columns = vec4f();
for (var step = 0u; step < sizes.rows; step += ${DEPTH}u) {
${load('left', 'leftTile')}
${load('right', 'rightTile')}
workgroupBarrier();
for (var k = 0u; k < ${DEPTH}u; k++) {
let left = leftTile[k * ${TILE / 4}u + y];
let right = rightTile[k * ${TILE / 4}u + x];
${upTo(4)
  .map((a) => `sum${a} += left.${'xyzw'[a]} * right;`)
  .join('\n')}
columns += right;
}
workgroupBarrier();
}
let column = rightFirst + x;
if (column >= rightWidth) { return; }
let row = 4u * (leftFirst + y);
if (leftFirst + y < leftWidth) {
${upTo(4)
  .map((a) => `put(outAt + (row + ${a}u) * rightWidth + column, sum${a});`)
  .join('\n')}
}
if (leftFirst + y == 0u && biasAt != ${NONE}u) { put(biasAt + column, columns); }
} else ${relative ? `if (group.x < ${end + norms}u)` : ''} {
let item = (group.x - ${end}u) * ${THREADS}u + thread;
if (item >= ${NORMS.length * width}u) { return; }
var sum = vec4f();
for (var part = 0u; part < sizes.groups; part++) { sum += work[sizes.partials + part * ${NORMS.length * width}u + item]; }
let which = item / ${width}u;
put(select(select(sizes.norm0, sizes.norm1, which == 1u), select(sizes.norm2, sizes.norm3, which == 3u), which > 1u) + item % ${width}u, sum);
}${
      relative
        ? ` else {${biases}
}`
        : ''
    }`,
  });
}

const made = new Map<string, Kernel>();

/** Written or added to the layer's bank of gradients depending on the state. */
export function recordLayerGradients(
  recorder: Recorder,
  shape: RowsShape,
  { sequences, pieces, heads }: Pick<AttentionShape, 'sequences' | 'pieces' | 'heads'>,
  inputs: {
    readonly h: Region;
    readonly saved: Region;
    readonly work: Region;
    /** As `mergedPlaces` lays it out. */
    readonly dQkv: Region;
    readonly merged: MergedPlaces;
    readonly qkv: Region;
    /** From contentBias to segmentEmbedding; null with absolute terms. */
    readonly biases: Region | null;
    readonly places: LayerPlaces;
    readonly state: Region;
  },
  { gradient }: { readonly gradient: Region },
): void {
  const { block, rows } = shape;
  const { places, merged, biases, h, saved, work, dQkv, qkv, state } = inputs;
  const terms: AttentionTerms = biases === null ? 'absolute' : 'relative';
  const tasks = tasksOf(biases === null);
  const [own, before] = [workPlaces(shape, sequences * heads * pieces), savedPlaces(shape, 0)];
  const stride = aligned(rows * block.width * 4) / 4;
  const operands = [
    ...upTo(3).map((matrix) => [0, matrix * stride]),
    [before.context / 4, own.dAttended / 4],
    [before.middle / 4, own.dInner / 4],
    [own.activated / 4, own.dFed / 4],
  ];
  const sizes: Record<string, number> = {
    rows,
    groups: own.groups,
    partials: own.partials / 4,
    heads,
    pieces,
    partsAt: merged.parts / 4,
    stride,
    biasStride: aligned(block.width * 4) / 4,
    biasesAt: biases === null ? 0 : places.place('attention.contentBias') / 4,
  };
  for (const [at, name] of NORMS.entries()) sizes[`norm${at}`] = places.place(name) / 4;
  let groups = Math.ceil((NORMS.length * block.width) / THREADS) + (biases === null ? 0 : block.width);
  for (const [at, { weight, bias, deep }] of tasks.entries()) {
    sizes[`left${at}`] = operands[at]?.[0] as number;
    sizes[`right${at}`] = operands[at]?.[1] as number;
    sizes[`out${at}`] = places.place(weight) / 4;
    sizes[`bias${at}`] = bias === null ? NONE : places.place(bias) / 4;
    groups += deep.reduce((product, isDeep) => product * tilesOf(isDeep ? block.inner : block.width), 1);
  }
  const key = [block.width, block.inner, terms].join(' ');
  const used = made.get(key) ?? gradientsKernel(block, terms);
  made.set(key, used);
  const regions: Record<string, Region> = {
    h,
    saved,
    work,
    dQkv,
    state,
    gradient,
    ...(biases === null ? {} : { qkv, biases }),
  };
  recorder.launch(used, sizes, regions, [groups, 1, 1], 32 * rows * block.width * (4 * block.width + 2 * block.inner));
}
