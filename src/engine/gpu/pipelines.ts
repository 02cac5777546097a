// Compiled kernels of a device, one pipeline per distinct code.
import { LabError } from '../../util/labError.ts';
import type { Kernel } from './kernel.ts';

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
