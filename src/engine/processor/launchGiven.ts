// A recorded launch as the translations into the processor's calls read it: sizes and regions by name.
import type { Launch, Region } from '../gpu/recorder.ts';
import { STATE } from '../gpu/stepState.ts';
import type { ChainMemory, Places } from './chainMemory.ts';

/** A kernel of the module with the numbers between its units and its scratch. */
export interface KernelCall {
  readonly kernel: string;
  readonly units: number;
  /** Units that one thread computes together. */
  readonly grain: number;
  /** Of these, as many as a thread takes at least: what it prepares for them costs as much as some. */
  readonly least: number;
  readonly numbers: readonly number[];
  readonly scratchBytes: number;
}

/** Work in JavaScript on the words of the memory. */
export interface HostCall {
  run(memory: ChainMemory): void;
}

/** Calls of one launch run one after the other. */
export type LaunchCall = KernelCall | HostCall | readonly KernelCall[];

/** A launch with its numbers by name; regions as byte addresses. */
export interface Given {
  readonly launch: Launch;
  size(name: string): number;
  address(name: string): number;
  /** In words. */
  length(name: string): number;
  /** Address of a word of the state. */
  state(word: number): number;
  /** First word of every region. */
  places(): Places;
}

export function givenOf(launch: Launch, addressOf: (region: Region) => number): Given {
  const { kernel, sizes, regions } = launch;
  const sizeOf = new Map(kernel.sizes.map(({ name }, at) => [name, sizes[at] as number]));
  const regionOf = new Map(kernel.buffers.map(({ name }, at) => [name, regions[at] as Region]));
  const region = (name: string): Region => {
    const found = regionOf.get(name);
    if (found === undefined) throw new Error(`${kernel.name} has no ${name}`);
    return found;
  };
  return {
    launch,
    size(name) {
      const size = sizeOf.get(name);
      if (size === undefined) throw new Error(`${kernel.name} has no size ${name}`);
      return size;
    },
    address: (name) => addressOf(region(name)),
    length: (name) => region(name).length,
    state: (word) => addressOf(region('state')) + word * 4,
    places: () => Object.fromEntries([...regionOf].map(([name, own]) => [name, addressOf(own) / 4])),
  };
}

export type Translation = (given: Given) => LaunchCall;

/** A translation of the launches whose kernels have such a name. */
export type NamedTranslation = readonly [name: RegExp, translation: Translation];

export const kernelCall = (kernel: string, units: number, numbers: readonly number[], scratchBytes = 0): KernelCall =>
  ({ kernel, units, grain: 1, least: 1, numbers, scratchBytes }); // prettier-ignore

/** A site's dropout: address of its key, threshold, scale. */
export const dropNumbers = ({ size, state }: Given): number[] => [
  state(size('key')),
  size('threshold') | 0,
  size('keepScale'),
];

export const accumulateOf = ({ state }: Given): number => state(STATE.accumulate);
