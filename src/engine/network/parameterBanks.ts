// The memory of a tagger in a few large buffers: banks of parameters, gradients and moments, and the upload of one micro-batch.
import type { Batch } from '../../model/blocks/encoderFamily.ts';
import { isAdapter } from '../../model/blocks/layerBlocks.ts';
import { locationOf, sizeOf } from '../../model/blocks/parameterLocation.ts';
import { encoderShapes } from '../../model/families/encoderConfig.ts';
import { adapterShapes, headShapes, type TaggerShape } from '../../model/parameters.ts';
import { aligned, part, type Region, type Resident } from '../gpu/recorder.ts';

export interface BankTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** In words, from the start of the bank. */
  readonly offset: number;
  readonly length: number;
}

/** The sets of tensors in a checkpoint: weights, gradients, or first or second moments. */
export type TensorSet = 'parameter' | 'gradient' | 'first' | 'second';

/** Values of a set of parameters, their gradients and moments, with the same layout; frozen ones have neither gradient nor moments. */
export interface Holding<Place> {
  readonly label: string;
  readonly length: number;
  readonly parameter: Place;
  readonly trained: { readonly gradient: Place; readonly first: Place; readonly second: Place } | null;
}

/** The parameters of one layer, or of its adapters: parts of the buffers of an arena. */
export interface Bank extends Holding<Region> {
  readonly tensors: readonly BankTensor[];
}

/** Consecutive banks, all trained or all frozen, in the same buffers. */
export interface BankArena extends Holding<Resident> {
  readonly banks: readonly Bank[];
}

/** Every adapter binds 128 MiB at once. */
const LARGEST_ARENA = 2 ** 25;

export class ParameterBanks {
  readonly banks: readonly Bank[];
  readonly arenas: readonly BankArena[];
  /** The lowest layer with trained parameters; -1 if the embedding is trained, the number of layers if only the head is. */
  readonly lowestTrained: number;
  private readonly places = new Map<string, { readonly bank: Bank; readonly tensor: BankTensor }>();

  /** `trained` must be the same for all parameters of a layer but its adapters, and for these: each is frozen as a whole. */
  constructor(shape: TaggerShape, trained: (name: string) => boolean) {
    const groups = new Map<string, [string, readonly number[]][]>();
    const { encoder, head } = shape;
    let lowest = encoder.layers;
    for (const entry of [...encoderShapes(encoder), ...headShapes(encoder, head), ...adapterShapes(encoder)]) {
      const [name] = entry;
      const location = locationOf(name);
      const of = isAdapter(name) ? 'adapters of layer' : 'layer';
      const label = location.part === 'layer' ? `${of} ${location.layer}` : location.part;
      if (location.part === 'embedding' && trained(name)) lowest = -1;
      if (location.part === 'layer' && trained(name)) lowest = Math.min(lowest, location.layer);
      groups.set(label, [...(groups.get(label) ?? []), [...entry]]);
    }
    this.arenas = packed([...groups].map(([label, shapes]) => layOut(label, shapes, trained))).map(makeArena);
    this.lowestTrained = lowest;
    this.banks = this.arenas.flatMap(({ banks }) => banks);
    for (const bank of this.banks) for (const tensor of bank.tensors) this.places.set(tensor.name, { bank, tensor });
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  weight(name: string): Region {
    return this.weights(name, name);
  }

  /** Spans from the start of one parameter to the end of another in the same bank. */
  weights(first: string, last: string): Region {
    return this.span(first, last, this.place(first).bank.parameter);
  }

  /** Null if the parameter is frozen. */
  gradient(name: string): Region | null {
    return this.gradients(name, name);
  }

  gradients(first: string, last: string): Region | null {
    const { trained } = this.place(first).bank;
    return trained === null ? null : this.span(first, last, trained.gradient);
  }

  bankOf(name: string): Bank {
    return this.place(name).bank;
  }

  /** In words from the start of its bank. */
  offsetInBank(name: string): number {
    return this.place(name).tensor.offset;
  }

  /** Where a set has the values of a parameter. Throws for gradients and moments of a frozen one. */
  placeOf(name: string, set: TensorSet): Region {
    const { bank } = this.place(name);
    const place = set === 'parameter' ? bank.parameter : bank.trained?.[set];
    if (place === undefined) throw new Error(`${bank.label} is frozen: it has no ${set}`);
    return this.span(name, name, place);
  }

  private span(first: string, last: string, bank: Region): Region {
    const { offset } = this.place(first).tensor;
    const end = this.place(last).tensor;
    return part(bank, offset, end.offset + end.length - offset);
  }

  private place(name: string): { readonly bank: Bank; readonly tensor: BankTensor } {
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`no bank holds parameter ${name}`);
    return place;
  }
}

interface BankLayout {
  readonly label: string;
  readonly length: number;
  readonly tensors: readonly BankTensor[];
  readonly trained: boolean;
}

function layOut(
  label: string,
  shapes: readonly (readonly [string, readonly number[]])[],
  trained: (name: string) => boolean,
): BankLayout {
  const tensors: BankTensor[] = [];
  let length = 0;
  for (const [name, shape] of shapes) {
    tensors.push({ name, shape, offset: length, length: sizeOf(shape) });
    length += aligned(sizeOf(shape));
  }
  const moving = tensors.filter(({ name }) => trained(name)).length;
  if (moving !== 0 && moving !== tensors.length) throw new Error(`${label} is frozen in part; it has to be whole`);
  return { label, length, tensors, trained: moving > 0 };
}

/** Groups consecutive banks that share buffers. */
function packed(layouts: readonly BankLayout[]): readonly (readonly BankLayout[])[] {
  const groups: BankLayout[][] = [];
  let length = Infinity;
  for (const layout of layouts) {
    const group = groups.at(-1);
    if (group?.[0]?.trained === layout.trained && length + layout.length <= LARGEST_ARENA) {
      group.push(layout);
      length += layout.length;
    } else {
      groups.push([layout]);
      length = layout.length;
    }
  }
  return groups;
}

function makeArena(layouts: readonly BankLayout[]): BankArena {
  const [first, last] = [layouts[0] as BankLayout, layouts.at(-1) as BankLayout];
  const label = first === last ? first.label : `${first.label} to ${last.label}`;
  const length = layouts.reduce((sum, layout) => sum + layout.length, 0);
  const resident = (what: string): Resident => ({ kind: 'resident', label: `${what} of ${label}`, length });
  const sets = {
    gradient: resident('gradients'),
    first: resident('first moments'),
    second: resident('second moments'),
  };
  const parameter = resident('parameters');
  let offset = 0;
  const banks = layouts.map((layout): Bank => {
    const own = { offset, length: layout.length };
    offset += layout.length;
    const of = (buffer: Resident): Region => ({ buffer, ...own });
    const trained = { gradient: of(sets.gradient), first: of(sets.first), second: of(sets.second) };
    return { ...layout, parameter: of(parameter), trained: layout.trained ? trained : null };
  });
  return { label, length, parameter, trained: first.trained ? sets : null, banks };
}

// Packs the upload of one micro-batch: its ids, its CRF positions and the orders that make gathers and sums deterministic.

/** Sections of the input buffer for B sequences of T pieces; R = B*T rows, and as many CRF positions; K tags. */
export interface BatchInputs {
  readonly buffer: Resident;
  readonly sections: Readonly<Record<SectionName, Region>>;
}

const SECTIONS = [
  'pieceIds', // i32 [R]
  'segmentIds', // i32 [R]
  'pieceCounts', // i32 [B]
  'headRows', // u32 [R] piece row of each CRF position
  'headInverse', // i32 [R] CRF position of each piece row, -1 without one
  'tags', // i32 [R]
  'crfCounts', // i32 [B]
  'openTags', // i32 [B, K] with partial labels, else empty
  'order', // u32 [R] real rows sorted by piece id
  'starts', // u32 [R + 1] where each distinct id begins in `order`
  'ids', // u32 [R] the distinct ids
  'uniqueCount', // u32 [1]
] as const;

type SectionName = (typeof SECTIONS)[number];

/** `openTagCount`: number of tags of a head that learns from partial labels; 0 for others. */
export function batchInputs(sequences: number, pieces: number, openTagCount = 0): BatchInputs {
  const rows = sequences * pieces;
  const lengths: Partial<Record<SectionName, number>> = {
    pieceCounts: sequences,
    crfCounts: sequences,
    openTags: sequences * openTagCount,
    starts: rows + 1,
    uniqueCount: 1,
  };
  let end = 0;
  const places = SECTIONS.map((name) => {
    const length = lengths[name] ?? rows;
    const offset = end;
    end += aligned(length);
    return [name, offset, length] as const;
  });
  const buffer: Resident = { kind: 'resident', label: `inputs of ${sequences} x ${pieces}`, length: end };
  const sections = Object.fromEntries(places.map(([name, offset, length]) => [name, { buffer, offset, length }]));
  return { buffer, sections: sections as Record<SectionName, Region> };
}

/**
 * Fills the words of `inputs` for a batch. CRF positions are widened from the batch's N to its T, which does not affect the CRF: it
 * stops at each sequence's count. `wanted`: what reads them; the orders of rows are for gradients alone.
 */
export function batchWords(
  { buffer, sections }: BatchInputs,
  batch: Batch,
  wanted: 'gradients' | 'prediction',
): Int32Array<ArrayBuffer> {
  const words = new Int32Array(buffer.length);
  const { size: B, pieces: T, positions: N } = batch;
  const put = (name: SectionName, values: ArrayLike<number>): void => words.set(values, sections[name].offset);
  put('pieceIds', batch.pieceIds);
  put('segmentIds', batch.segmentIds);
  put('pieceCounts', batch.pieceCounts);
  put('crfCounts', batch.crfCounts);
  if (batch.openTags !== undefined && sections.openTags.length > 0) put('openTags', batch.openTags);
  const headRows = new Int32Array(B * T);
  const inverse = new Int32Array(B * T).fill(-1);
  const tags = new Int32Array(B * T);
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < (batch.crfCounts[b] as number); n++) {
      const row = b * T + (batch.crfPositions[b * N + n] as number);
      headRows[b * T + n] = row;
      inverse[row] = b * T + n;
      tags[b * T + n] = batch.tags[b * N + n] as number;
    }
  }
  put('headRows', headRows);
  put('headInverse', inverse);
  put('tags', tags);
  if (wanted === 'gradients') {
    const { order, starts, ids } = ordersOf(batch);
    put('order', order);
    put('starts', starts);
    put('ids', ids);
    put('uniqueCount', [ids.length]);
  }
  return words;
}

/** Real rows sorted by piece id, where each distinct id begins among them, and these ids; no gradient reaches padding. */
function ordersOf({ size: B, pieces: T, pieceIds, pieceCounts }: Batch) {
  const idOf = (row: number): number => pieceIds[row] as number;
  const sortable: number[] = [];
  for (let b = 0; b < B; b++) {
    for (let row = b * T; row < b * T + (pieceCounts[b] as number); row++) sortable.push(idOf(row) * B * T + row);
  }
  // Numbers are sorted several times as fast as rows by a comparison.
  const order = Float64Array.from(sortable)
    .sort()
    .map((key) => key % (B * T));
  const starts: number[] = [];
  const ids: number[] = [];
  for (const [at, row] of order.entries()) {
    if (at > 0 && idOf(row) === ids.at(-1)) continue;
    starts.push(at);
    ids.push(idOf(row));
  }
  return { order, starts: [...starts, order.length], ids };
}
