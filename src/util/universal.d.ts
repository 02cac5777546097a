// Globals common to browsers, Workers and Node, for the core, which compiles without the DOM and Node libraries.
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: ArrayBufferView | ArrayBuffer, options?: { stream?: boolean }): string;
}
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
declare function setTimeout(handler: () => void, timeoutMs?: number): unknown;
declare function clearTimeout(handle: unknown): void;
declare const performance: { now(): number };
declare function btoa(binary: string): string;
declare function atob(text: string): string;
declare class AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare class Blob {
  constructor(parts?: readonly (ArrayBuffer | ArrayBufferView)[]);
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
}
interface StreamController<Chunk> {
  enqueue(chunk: Chunk): void;
}
interface ReadableStreamDefaultReader<Chunk> {
  read(): Promise<
    { readonly done: false; readonly value: Chunk } | { readonly done: true; readonly value?: Chunk | undefined }
  >;
  cancel(reason?: unknown): Promise<void>;
}
declare class ReadableStream<Chunk = unknown> {
  constructor(source?: {
    pull?(controller: StreamController<Chunk> & { close(): void }): void | Promise<void>;
    cancel?(reason: unknown): void | Promise<void>;
  });
  getReader(): ReadableStreamDefaultReader<Chunk>;
  pipeThrough<Changed>(pair: {
    readonly readable: ReadableStream<Changed>;
    readonly writable: WritableStream<Chunk>;
  }): ReadableStream<Changed>;
}
declare class WritableStream<Chunk = unknown> {
  abort(reason?: Chunk): Promise<void>;
}
declare class TransformStream<From, To> {
  constructor(transformer?: { transform?(chunk: From, controller: StreamController<To>): void });
  readonly readable: ReadableStream<To>;
  readonly writable: WritableStream<From>;
}
declare class DecompressionStream {
  constructor(format: 'gzip');
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}
type Transferable = ArrayBuffer | ReadableStream;
