// The npm package `bioner-tagger`: opens an exported tagger and tags texts with it, in a page, a Worker, Node or Deno, as the lab does.
import type { DocumentText } from '../data/documents/document.ts';
import { documentOfLongText } from '../data/documents/documentSentences.ts';
import { underlyingFailure } from '../engine/gpu/device.ts';
import { engineMisfit } from '../engine/network/computeOptions.ts';
import { taggerOfFiles } from '../training/loadTagger.ts';
import { openTagger, tagDocuments, type OpenTagger } from '../training/tagSentences.ts';
import { drain, macrotask, neverAborted } from '../util/clock.ts';
import { LabError } from '../util/labError.ts';
import { openTaggerMachine, taggerFiles, type TaggerMachine } from './taggerMachine.ts';
import type {
  Open,
  OpenOptions,
  TaggedDocument,
  Tagger,
  TaggerErrorParts,
  TaggerSource,
  TagOptions,
  TextToTag,
} from './taggerTypes.ts';

export type * from './taggerTypes.ts';

/** Thrown for a source that is no tagger, for a machine that cannot run it, and for texts that are none. */
export class TaggerError extends Error implements TaggerErrorParts {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'TaggerError';
    this.code = code;
  }
}

/** The same error in one message; an aborted signal's reason as it is. */
function asTaggerError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true && error === signal.reason) return error;
  const data = LabError.toData(error);
  return new TaggerError(data.code, LabError.describe(data), error);
}

export const open: Open = async (source, options = {}) => {
  try {
    return await openedTagger(source, options);
  } catch (error) {
    throw asTaggerError(error, (options as OpenOptions | null)?.signal);
  }
};

async function openedTagger(source: TaggerSource, options: OpenOptions): Promise<Tagger> {
  checkOptions(options);
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const files = await taggerFiles(source, options);
  signal?.throwIfAborted();
  onProgress?.({ phase: 'starting', done: 0, of: 0 });
  const loaded = taggerOfFiles(files);
  const misfit = engineMisfit(loaded.shape.encoder);
  if (misfit !== null) {
    throw new LabError('tagger/sizes', 'This tagger runs in BioNER Lab alone.', {
      expected: 'sizes of the encoder that are multiples of 4',
      got: misfit,
    });
  }
  const machine = await openTaggerMachine(loaded.shape.encoder, options);
  if (signal?.aborted === true) machine.close();
  signal?.throwIfAborted();
  return new RunningTagger(machine, openTagger(machine.home, loaded), loaded.head.types);
}

const BACKENDS: readonly unknown[] = ['auto', 'webgpu', 'wasm', undefined];

/** Throws LabError `tagger/options` for what is no option, since programs without types pass anything. */
function checkOptions(options: OpenOptions | null): void {
  const refuse = (name: string, expected: string, got: unknown): never => {
    throw new LabError('tagger/options', `The option ${name} cannot be used.`, { expected, got: String(got) });
  };
  if (typeof options !== 'object' || options === null) return refuse('of open', 'an object, or none', options);
  const { backend, threads, gpu } = options;
  if (!BACKENDS.includes(backend)) refuse('backend', 'auto, webgpu or wasm', backend);
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1))
    refuse('threads', 'a whole number from 1', threads);
  const isGpu = typeof (gpu as { readonly requestAdapter?: unknown } | null | undefined)?.requestAdapter === 'function';
  if (gpu !== undefined && gpu !== null && !isGpu) refuse('gpu', 'an entry point of WebGPU, with requestAdapter', gpu);
}

/** As many as fill the batches of every length. */
const SENTENCES_AT_ONCE = 1024;

class RunningTagger implements Tagger {
  readonly types: readonly string[];
  readonly backend: Tagger['backend'];
  readonly device: string;
  private readonly machine: TaggerMachine;
  private readonly tagger: OpenTagger;
  private isClosed = false;
  /** Settles when the machine is free. */
  private free: Promise<unknown> = Promise.resolve();

  constructor(machine: TaggerMachine, tagger: OpenTagger, types: readonly string[]) {
    this.machine = machine;
    this.tagger = tagger;
    this.types = types;
    this.backend = machine.backend;
    this.device = machine.device;
  }

  async *tag(
    texts: Iterable<TextToTag> | AsyncIterable<TextToTag>,
    { sentencesAtOnce = SENTENCES_AT_ONCE, signal }: TagOptions = {},
  ): AsyncGenerator<TaggedDocument, void> {
    const blocks = blocksOf(texts, Math.max(1, sentencesAtOnce));
    try {
      let next = blocks.next();
      for (;;) {
        const { value: block, done } = await next;
        if (done === true) return;
        // The next texts are read while these are tagged; what goes wrong there is thrown when it is their turn.
        next = blocks.next();
        next.catch(() => undefined);
        yield* await this.inTurn(() => this.tagged(block, signal));
      }
    } catch (error) {
      throw asTaggerError(error, signal);
    } finally {
      // Not awaited: a source may be waiting for a text that never comes.
      blocks.return().catch(() => undefined);
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    // What is being tagged ends first.
    void this.free.then(() => {
      this.tagger.predictor.dispose();
      this.machine.close();
    });
  }

  private async tagged(block: readonly DocumentText[], signal = neverAborted): Promise<readonly TaggedDocument[]> {
    if (this.isClosed) throw new LabError('tagger/closed', 'The tagger is closed.', { expected: 'another open(…)' });
    const { health } = this.machine;
    const found = await drain(tagDocuments(block, this.tagger, signal)).catch(async (error: unknown) => {
      throw signal.aborted ? error : await underlyingFailure(error, health);
    });
    if (health.failure !== null) throw health.failure;
    return block.map(({ id, text }, index) => ({
      id,
      text,
      mentions: (found[index] ?? []).map(({ start, end, type, confidence }) => ({
        start,
        end,
        text: text.slice(start, end),
        type,
        probability: confidence ?? NaN,
      })),
    }));
  }

  /** Does work when what was requested before is done: batches share memory on the machine. */
  private inTurn<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = this.free.then(work);
    this.free = outcome.catch(() => undefined);
    return outcome;
  }
}

/** Documents with their sentences, in blocks of at least that number of sentences. Throws LabError `tagger/text` for what is no text. */
async function* blocksOf(
  texts: Iterable<TextToTag> | AsyncIterable<TextToTag>,
  sentences: number,
): AsyncGenerator<readonly DocumentText[], void> {
  const isSeveral = typeof texts === 'object' && texts !== null && (Symbol.iterator in texts || Symbol.asyncIterator in texts); // prettier-ignore
  if (!isSeveral) {
    throw new LabError('tagger/text', 'Give several texts.', { expected: 'tag([text, …])', got: described(texts) });
  }
  let block: DocumentText[] = [];
  let size = 0;
  let count = 0;
  for await (const one of texts) {
    count++;
    const { id = `${count}`, text } = typeof one === 'string' ? { text: one } : ((one ?? {}) as Partial<Exclude<TextToTag, string>>); // prettier-ignore
    if (typeof text !== 'string' || typeof id !== 'string') {
      throw new LabError('tagger/text', `Text number ${count} is no text.`, { expected: 'a string, or { id, text } of strings', got: described(one) }); // prettier-ignore
    }
    const document = await documentOfLongText(id, text, macrotask);
    block.push(document);
    size += document.sentences.length;
    if (size < sentences) continue;
    yield block;
    block = [];
    size = 0;
  }
  if (block.length > 0) yield block;
}

/** What a program passed, in a few words. */
function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'nothing in it'}` : `the ${typeof value} ${String(value).slice(0, 40)}`; // prettier-ignore
}
