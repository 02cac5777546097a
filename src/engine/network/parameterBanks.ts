// Parameters, gradients and moments in a few large buffers: a bank for the embedding, for each layer, for the head and for the adapters of each layer.
import { adapterShapes } from '../../model/adapters.ts';
import { locationOf } from '../../model/blocks/parameterLocation.ts';
import { isAdapter } from '../../model/blocks/projection.ts';
import { sizeOf } from '../../model/blocks/hostParameters.ts';
import { encoderShapes } from '../../model/families/encoderConfig.ts';
import { headShapes } from '../../model/parameters.ts';
import type { TaggerShape } from '../../model/tagger.ts';
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
