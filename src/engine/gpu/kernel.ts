// A compute kernel as data, its WGSL generated from a short description, compiled once a device; and the numbers that change between micro-batches.
import { DROPOUT_SITES, dropoutKey, type DropoutSite, type DropoutStream } from '../../model/blocks/dropout.ts';
import { LabError } from '../../util/labError.ts';

/** Type of one element of a buffer; the length of a region always counts 4-byte words. */
export type ElementType = 'f32' | 'u32' | 'i32' | 'vec4<f32>' | 'vec4<u32>' | 'vec2<u32>';

export interface BufferBinding {
  readonly access: 'read' | 'write';
  readonly element: ElementType;
}

/** `write` buffers may also be read in the kernel, to accumulate in place. */
export const reads = (element: ElementType = 'f32'): BufferBinding => ({ access: 'read', element });
export const writes = (element: ElementType = 'f32'): BufferBinding => ({ access: 'write', element });

export type Workgroup = readonly [x: number, y: number, z: number];

export interface KernelDescription<Size extends string, Buffer extends string> {
  /** What the kernel computes; labels launches in errors and profiles. */
  readonly name: string;
  /** Numbers fixed when a launch is recorded, read in WGSL as `sizes.<name>`. */
  readonly sizes: Readonly<Record<Size, 'u32' | 'f32'>>;
  /** Storage buffers, read in WGSL by name. At most eight, which every adapter allows in a stage. */
  readonly buffers: Readonly<Record<Buffer, BufferBinding>>;
  readonly workgroup: Workgroup;
  /** WGSL extensions, such as `f16`, that the device must have been opened with. */
  readonly enable?: readonly string[];
  /** WGSL at module level: functions, constants, workgroup memory. */
  readonly module?: string;
  /**
   * WGSL inside `main`, where these are defined: `group` and `groups` (index and number of workgroups, vec3u), `local` (invocation
   * in the workgroup, vec3u), `thread` (its flat index), `index` (flat index over a grid made by `linearGrid`, one element per
   * invocation); with the extension `subgroups` also `subgroup` and `lane`, the index of the subgroup and of the invocation in it.
   */
  readonly body: string;
}

export interface Kernel<Size extends string = string, Buffer extends string = string> {
  readonly name: string;
  readonly sizes: readonly { readonly name: Size; readonly type: 'u32' | 'f32' }[];
  readonly buffers: readonly ({ readonly name: Buffer } & BufferBinding)[];
  readonly workgroup: Workgroup;
  /** The whole WGSL module with entry point `main`; kernels with the same code share a pipeline. */
  readonly code: string;
}

/** Composes the WGSL module: uniform block at binding 0 (if there are sizes), then the buffers in order. */
export function kernel<Size extends string, Buffer extends string>(
  description: KernelDescription<Size, Buffer>,
): Kernel<Size, Buffer> {
  const { name, workgroup, enable = [], module = '', body } = description;
  const sizes = entries(description.sizes).map(([size, type]) => ({ name: size, type }));
  const buffers = entries(description.buffers).map(([buffer, binding]) => ({ name: buffer, ...binding }));
  if (buffers.length > 8)
    throw new Error(`kernel ${name} binds ${buffers.length} storage buffers; 8 are sure to exist`);
  const threads = workgroup[0] * workgroup[1] * workgroup[2];
  const lines = [
    `// ${name}`,
    ...enable.map((extension) => `enable ${extension};`),
    ...(sizes.length === 0
      ? []
      : [
          `struct Sizes { ${sizes.map((size) => `${size.name}: ${size.type}`).join(', ')} }`,
          '@group(0) @binding(0) var<uniform> sizes: Sizes;',
        ]),
    ...buffers.map(
      (buffer, index) =>
        `@group(0) @binding(${index + 1}) var<storage, ${buffer.access === 'read' ? 'read' : 'read_write'}> ${buffer.name}: array<${buffer.element}>;`,
    ),
    module.trim(),
    `@compute @workgroup_size(${workgroup.join(', ')})`,
    'fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,',
    '  @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) thread: u32',
    `${enable.includes('subgroups') ? ', @builtin(subgroup_id) subgroup: u32, @builtin(subgroup_invocation_id) lane: u32' : ''}) {`,
    `let index = (group.y * groups.x + group.x) * ${threads}u + thread;`,
    body.trim(),
    '}',
  ];
  return { name, sizes, buffers, workgroup, code: lines.filter((line) => line !== '').join('\n') };
}

function entries<Key extends string, Value>(record: Readonly<Record<Key, Value>>): [Key, Value][] {
  return Object.entries(record) as [Key, Value][];
}

/** A kernel without WGSL, for machines with their own code for it; it may bind more buffers than a shader stage can. */
export function kernelWithoutCode<Size extends string, Buffer extends string>({
  name,
  sizes,
  buffers,
}: Pick<KernelDescription<Size, Buffer>, 'name' | 'sizes' | 'buffers'>): Kernel<Size, Buffer> {
  return {
    name,
    sizes: entries(sizes).map(([size, type]) => ({ name: size, type })),
    buffers: entries(buffers).map(([buffer, binding]) => ({ name: buffer, ...binding })),
    workgroup: [1, 1, 1],
    code: '',
  };
}

// Compiled kernels of a device, one pipeline per distinct code.

export class Pipelines {
  private readonly device: GPUDevice;
  private readonly compiled = new Map<string, Promise<GPUComputePipeline>>();
  private readonly codes = new Map<string, string>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** Number of kernels requested so far. */
  get count(): number {
    return this.compiled.size;
  }

  /** Throws LabError `gpu/error`, or `gpu/internal` for a compiler fault, with the kernel's name, its message and the WGSL. */
  of(kernel: Kernel): Promise<GPUComputePipeline> {
    const known = this.compiled.get(kernel.code);
    if (known !== undefined) return known;
    const pipeline = this.compile(kernel);
    this.compiled.set(kernel.code, pipeline);
    this.codes.set(kernel.name, kernel.code);
    return pipeline;
  }

  /** WGSL of the kernel named in a WebGPU message, or null; pipelines and bindings are labelled with their kernel's name. */
  codeNamedIn(message: string): string | null {
    for (const [name, code] of this.codes) if (message.includes(`"${name}"`)) return code;
    return null;
  }

  layoutOf(kernel: Kernel): GPUBindGroupLayout {
    const key = [kernel.sizes.length > 0 ? 'u' : '', ...kernel.buffers.map(({ access }) => access[0])].join('');
    const known = this.layouts.get(key);
    if (known !== undefined) return known;
    const visibility = GPUShaderStage.COMPUTE;
    const entries: GPUBindGroupLayoutEntry[] = kernel.buffers.map(({ access }, index) => ({
      binding: index + 1,
      visibility,
      buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
    }));
    if (kernel.sizes.length > 0) entries.push({ binding: 0, visibility, buffer: { type: 'uniform' } });
    const layout = this.device.createBindGroupLayout({ entries });
    this.layouts.set(key, layout);
    return layout;
  }

  private async compile(kernel: Kernel): Promise<GPUComputePipeline> {
    this.device.pushErrorScope('validation');
    const module = this.device.createShaderModule({ label: kernel.name, code: kernel.code });
    const refused = this.device.popErrorScope();
    const layout = this.device.createPipelineLayout({ bindGroupLayouts: [this.layoutOf(kernel)] });
    try {
      const invalid = await refused;
      if (invalid !== null) throw new Error(invalid.message);
      return await this.device.createComputePipelineAsync({ label: kernel.name, layout, compute: { module } });
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      const isFault = cause instanceof GPUPipelineError && cause.reason === 'internal';
      throw new LabError(
        isFault ? 'gpu/internal' : 'gpu/error',
        `The GPU cannot compile ${kernel.name}: ${message}\n${kernel.code}`,
        { cause },
      );
    }
  }
}

// The few numbers that change between micro-batches, as kernels read them.

/** Words of the state buffer (`array<u32>`); those marked f32 hold its bits. */
export const STATE = {
  /** 0 for the first micro-batch of a step, whose gradients are written; 1 for later ones, whose gradients are added. */
  accumulate: 0,
  /** f32: 1 / sequences of the whole step. */
  inverseSequences: 1,
  /** f32: learning rate of the head at this step times Adam's bias corrections. */
  stepSize: 2,
  /** f32: the divisor of sqrt(v). */
  rootCorrection: 3,
  /** f32: factor on the loss, undone before clipping. */
  lossScale: 4,
  /** First dropout key; see `keyWord`. */
  keys: 8,
} as const;

const SITES = Object.keys(DROPOUT_SITES).length;

/** Returns the word of the state with the dropout key of a site; layers count from -1, as in `dropoutKey`. */
export function keyWord(layer: number, site: DropoutSite): number {
  return STATE.keys + (layer + 1) * SITES + DROPOUT_SITES[site];
}

/** Words of the state for an encoder with this many layers: layers -1 to `layers` have keys. */
export function stateLength(layers: number): number {
  return STATE.keys + (layers + 2) * SITES;
}

export interface StepState {
  readonly accumulate: boolean;
  readonly inverseSequences: number;
  readonly stepSize: number;
  readonly rootCorrection: number;
  readonly lossScale: number;
  readonly stream: DropoutStream;
}

export function stateWords(layers: number, state: StepState): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(stateLength(layers));
  const floats = new Float32Array(words.buffer);
  words[STATE.accumulate] = state.accumulate ? 1 : 0;
  floats[STATE.inverseSequences] = state.inverseSequences;
  floats[STATE.stepSize] = state.stepSize;
  floats[STATE.rootCorrection] = state.rootCorrection;
  floats[STATE.lossScale] = state.lossScale;
  for (let layer = -1; layer <= layers; layer++) {
    for (const site of Object.keys(DROPOUT_SITES) as DropoutSite[]) {
      words[keyWord(layer, site)] = dropoutKey(state.stream, layer, site);
    }
  }
  return words;
}
