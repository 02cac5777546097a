// Declares what the npm package `bioner-tagger` offers; imports nothing, so that its type declarations stand alone.

/** Where a tagger comes from. */
export type TaggerSource =
  /**
   * The address of an exported folder, of a zip of it, or, in Node and Deno, a path of either. In a page it may be relative to the page.
   */
  | string
  | URL
  /** A zip of an exported folder. */
  | Blob
  | ArrayBuffer
  | Uint8Array
  /** The files of an exported folder, by name. */
  | ReadonlyMap<string, Uint8Array>;

export interface OpenOptions {
  /** `auto` (the default): a hardware GPU if there is one that computes what the processor computes, else the processor, by WebAssembly. */
  readonly backend?: 'auto' | 'webgpu' | 'wasm';
  /**
   * Threads of the processor, the caller's among them; by default one less than the logical processors in a browser, all of them elsewhere, at
   * most 16. Several need a Worker of a cross-origin isolated page, or Node, or Deno; elsewhere there is one.
   */
  readonly threads?: number;
  /** The WebGPU entry point, in place of `navigator.gpu`: in Node, one that the npm package `webgpu` made. */
  readonly gpu?: unknown;
  /** Called while files are fetched, in bytes, and once the tagger is being put to work. */
  readonly onProgress?: (progress: { readonly phase: string; readonly done: number; readonly of: number }) => void;
  readonly signal?: AbortSignal;
}

/** A text to tag. Its id comes back with its mentions; without one it is the number of the text, from 1. */
export type TextToTag = string | { readonly id?: string; readonly text: string };

export interface TagOptions {
  /** Sentences that are tagged together. More make better use of a machine, fewer give the first document sooner. 1024 by default. */
  readonly sentencesAtOnce?: number;
  readonly signal?: AbortSignal;
}

export interface TaggedMention {
  /** UTF-16 units `[start, end)` of the text, as JavaScript counts: `text.slice(start, end)` is the mention. */
  readonly start: number;
  readonly end: number;
  /** The mention itself. */
  readonly text: string;
  readonly type: string;
  /** The exact probability of just this mention under the tagger, summed over all ways to tag its sentence. */
  readonly probability: number;
}

export interface TaggedDocument {
  readonly id: string;
  readonly text: string;
  /** In order, without overlaps. */
  readonly mentions: readonly TaggedMention[];
}

export interface Tagger {
  /** Types of mentions that it knows. */
  readonly types: readonly string[];
  /** Where it computes. */
  readonly backend: 'webgpu' | 'wasm';
  /** The graphics adapter, or the threads, and why it was chosen. */
  readonly device: string;
  /**
   * Tags texts in order. Texts are read while others are tagged, and several are tagged at once. Calls at the same time take turns. Rejects
   * with a TaggerError, or with the reason of the signal.
   */
  tag(
    texts: Iterable<TextToTag> | AsyncIterable<TextToTag>,
    options?: TagOptions,
  ): AsyncGenerator<TaggedDocument, void>;
  /** Frees memory and threads; the tagger cannot be used afterwards. */
  close(): void;
}

/** Opens a tagger. Rejects with a TaggerError that says what was expected and what came, or with the reason of the signal. */
export type Open = (source: TaggerSource, options?: OpenOptions) => Promise<Tagger>;

/** What went wrong: `code` is stable, such as `model/files`; the message says what was expected and what came; `cause` is the error behind it, such as that of a stream of texts. */
export interface TaggerErrorParts extends Error {
  readonly code: string;
}
