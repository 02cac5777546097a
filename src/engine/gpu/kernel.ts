// A compute kernel as data: its WGSL with all bindings declared, generated from a short description.
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
