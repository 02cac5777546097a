// Parameters, gradients and moments in a few large buffers: one bank for the embedding, one for each layer, one for the head.
import { locationOf } from '../../model/parameterLocation.ts';
import { encoderShapes, headShapes, sizeOf } from '../../model/parameters.ts';
import type { TaggerShape } from '../../model/tagger.ts';
import { aligned, type Region, type Resident } from '../gpu/recorder.ts';

export interface BankTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** In words, from the start of the bank. */
  readonly offset: number;
  readonly length: number;
}

/** Buffers with the same layout; a frozen bank has no gradient and no moments. */
export interface Bank {
  readonly label: string;
  readonly length: number;
  readonly tensors: readonly BankTensor[];
  readonly parameter: Resident;
  readonly trained: { readonly gradient: Resident; readonly first: Resident; readonly second: Resident } | null;
}

export class ParameterBanks {
  readonly banks: readonly Bank[];
  private readonly places = new Map<string, { readonly bank: Bank; readonly tensor: BankTensor }>();

  /** `trained` must be the same for all parameters of a layer, since a layer is frozen as a whole. */
  constructor(shape: TaggerShape, trained: (name: string) => boolean) {
    const groups = new Map<string, [string, readonly number[]][]>();
    for (const entry of [...encoderShapes(shape.encoder), ...headShapes(shape.encoder, shape.head)]) {
      const location = locationOf(entry[0]);
      const label = location.part === 'layer' ? `layer ${location.layer}` : location.part;
      groups.set(label, [...(groups.get(label) ?? []), [...entry]]);
    }
    this.banks = [...groups].map(([label, shapes]) => makeBank(label, shapes, trained));
    for (const bank of this.banks) for (const tensor of bank.tensors) this.places.set(tensor.name, { bank, tensor });
  }

  weight(name: string): Region {
    const { bank, tensor } = this.place(name);
    return { buffer: bank.parameter, offset: tensor.offset, length: tensor.length };
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

  private span(first: string, last: string, buffer: Resident): Region {
    const { offset } = this.place(first).tensor;
    const end = this.place(last).tensor;
    return { buffer, offset, length: end.offset + end.length - offset };
  }

  private place(name: string): { readonly bank: Bank; readonly tensor: BankTensor } {
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`no bank holds parameter ${name}`);
    return place;
  }
}

function makeBank(
  label: string,
  shapes: readonly (readonly [string, readonly number[]])[],
  trained: (name: string) => boolean,
): Bank {
  const tensors: BankTensor[] = [];
  let length = 0;
  for (const [name, shape] of shapes) {
    tensors.push({ name, shape, offset: length, length: sizeOf(shape) });
    length += aligned(sizeOf(shape));
  }
  const moving = tensors.filter(({ name }) => trained(name)).length;
  if (moving !== 0 && moving !== tensors.length) throw new Error(`${label} is frozen in part; it has to be whole`);
  const resident = (what: string): Resident => ({ kind: 'resident', label: `${what} of ${label}`, length });
  return {
    label,
    length,
    tensors,
    parameter: resident('parameters'),
    trained:
      moving === 0
        ? null
        : { gradient: resident('gradients'), first: resident('first moments'), second: resident('second moments') },
  };
}
