// What a platform (browser Worker or Node) provides to the engine.
import type { ProcessorThread } from '../processor/threadPool.ts';

export type WasmFileName =
  'tfjs-backend-wasm.wasm' | 'tfjs-backend-wasm-simd.wasm' | 'tfjs-backend-wasm-threaded-simd.wasm';

/** Threads of the engine on the processor, the one that trains among them. */
export interface EngineThreads {
  /** Used unless a person chooses another number. */
  readonly usual: number;
  /** 1 where memory cannot be shared. */
  readonly most: number;
}

export interface Platform {
  /** Description of browser or runtime and operating system. */
  readonly description: string;
  /** The user agent if there is one, for the remedy shown when no GPU can be used. */
  readonly userAgent: string;
  /** Whether the page may use shared memory (cross-origin isolated), which wasm threads need. */
  readonly sharedMemory: boolean;
  readonly logicalProcessors: number;
  /** False on a page served without https from another machine: browsers hide WebGPU there. */
  readonly secureContext: boolean;
  /** Address of each wasm binary. */
  readonly wasmFiles: Readonly<Record<WasmFileName, string>>;
  /** Returns the text of tag.py, which goes into the folder of every exported tagger. */
  taggerProgram(): Promise<string>;
  /** Returns the text of tag.js, which goes into the folder of every tagger exported as ONNX. */
  taggerModule(): Promise<string>;
  readonly engineThreads: EngineThreads;
  /** Opens a worker for the engine's work on the processor. */
  openThread(): Promise<ProcessorThread>;
  /** Returns the WebGPU entry point, or undefined if there is none. */
  gpu(): Promise<GPU | undefined>;
}
