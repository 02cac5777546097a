// What a home (browser Worker or Node) tells the engine about itself.
export type WasmFileName =
  'tfjs-backend-wasm.wasm' | 'tfjs-backend-wasm-simd.wasm' | 'tfjs-backend-wasm-threaded-simd.wasm';

export interface Platform {
  /** Browser or runtime and operating system, in words. */
  readonly description: string;
  /** The user agent where there is one, for the remedy shown when no GPU can be used. */
  readonly userAgent: string;
  /** Whether the page may use shared memory (cross-origin isolated), so that wasm may use threads. */
  readonly sharedMemory: boolean;
  readonly logicalProcessors: number;
  /** False on a page served without https from another machine: browsers hide WebGPU there. */
  readonly secureContext: boolean;
  /** Address of each wasm binary. */
  readonly wasmFiles: Readonly<Record<WasmFileName, string>>;
  /** The text of tag.py, which goes into the folder of every exported tagger. */
  taggerProgram(): Promise<string>;
  /** The WebGPU entry, or undefined where there is none. */
  gpu(): Promise<GPU | undefined>;
}
