// Tags documents in batches, some sentences a call, publishes the mentions found so far, and begins their review.
import type { AnnotatedDocument, AnnotatedMention, DocumentText } from '../../data/documents/document.ts';
import { readCorpusSentences, readCorpusTexts } from '../../storage/corpusRecords.ts';
import type { UnreadableItem } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import { createWorkedTime } from '../../util/clock.ts';
import { fingerprint } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import type { ServerClient, TaggerRef } from '../../wire/trainingProtocol.ts';
import type { LabDictionaries } from '../dictionaries/storedDictionary.ts';
import type { FileReader } from '../library/fileReader.ts';
import type { LabReviews } from '../review/reviewCorpus.ts';
import { describedBy } from '../runs/descriptionRecords.ts';
import type { Lab, TaggingSource, TaggingView } from '../state/labState.ts';
import type { LabStore } from '../state/labStore.ts';
import type { DictionaryKeeper, DictionaryParts } from './dictionaryKeeper.ts';
import { offeredTaggers, taggerKey, type OfferedTagger } from './offeredTaggers.ts';
import type { ReviewKeeper, ReviewParts } from './reviews.ts';

/** Loads what keeps reviews with the first one: most visits to the lab have none. */
export class Reviews implements LabReviews {
  private readonly parts: ReviewParts;
  private keeper: ReviewKeeper | null = null;

  constructor(parts: ReviewParts) {
    this.parts = parts;
  }

  /** Shows the stored reviews, and answers with those that cannot be read. */
  async restore(): Promise<readonly UnreadableItem[]> {
    const keys = await this.parts.store.keys('review/');
    return keys.length === 0 ? [] : (await this.load()).restore();
  }

  async begin(view: TaggingView, name: string): Promise<void> {
    await (await this.load()).begin(view, name);
  }

  readonly open: LabReviews['open'] = async (reviewId) => (await this.load()).open(reviewId);
  readonly step: LabReviews['step'] = (step) => this.keeper?.step(step) ?? null;
  readonly stored: LabReviews['stored'] = async () => this.keeper?.stored();
  readonly remove: LabReviews['remove'] = async (reviewId) => (await this.load()).remove(reviewId);
  readonly saveCorpus: LabReviews['saveCorpus'] = async (...values) => (await this.load()).saveCorpus(...values);

  private async load(): Promise<ReviewKeeper> {
    const { ReviewKeeper: Keeper } = await import('./reviews.ts');
    return (this.keeper ??= new Keeper(this.parts));
  }
}

/** Loads what keeps dictionaries with the first one, likewise. */
export class Dictionaries implements LabDictionaries {
  private readonly parts: DictionaryParts;
  private keeper: DictionaryKeeper | null = null;

  constructor(parts: DictionaryParts) {
    this.parts = parts;
  }

  /** Shows the stored dictionaries, and answers with those that cannot be read. */
  async restore(): Promise<readonly UnreadableItem[]> {
    const keys = await this.parts.store.keys('dictionary/');
    return keys.length === 0 ? [] : (await this.load()).restore();
  }

  readonly add: LabDictionaries['add'] = (files) => this.parts.changing(async () => (await this.load()).add(files));
  readonly describe: LabDictionaries['describe'] = (...values) =>
    this.parts.changing(async () => (await this.load()).describe(...values));
  readonly remove: LabDictionaries['remove'] = (id) => this.parts.removing(async () => (await this.load()).remove(id));
  readonly markTerms: LabDictionaries['markTerms'] = (request) =>
    this.parts.changing(async () => (await this.load()).markTerms(request));

  private async load(): Promise<DictionaryKeeper> {
    const { DictionaryKeeper: Keeper } = await import('./dictionaryKeeper.ts');
    return (this.keeper ??= new Keeper(this.parts));
  }
}

interface Tagging {
  tag: Lab['tag'];
  stop: Lab['stopTagging'];
}

/** The remaining time is not estimated before this. */
const LEAST_ELAPSED_MS = 1000;

export function createTagging({
  client,
  reader,
  labStore,
  store,
  reviews,
  timestamp,
}: {
  readonly client: ServerClient;
  readonly reader: FileReader;
  readonly labStore: LabStore;
  readonly store: Store;
  readonly reviews: Reviews;
  /** Returns the ISO date and time. */
  readonly timestamp: () => string;
}): Tagging {
  let lastId = 0;
  /** Aborts what is being tagged; null once it was stopped or is over. */
  let current: AbortController | null = null;

  function stop(): void {
    if (current === null) return;
    current.abort();
    current = null;
    show({ status: 'stopped', progress: null });
    void review();
  }

  /** Begins the review of what was found so far. */
  async function review(): Promise<void> {
    const { tagging, models, descriptions, results } = labStore.getState();
    if (tagging === null) return;
    const tagger = findTagger(tagging.tagger);
    const { taggerName } = await import('./taggerGroups.ts');
    const layersOf = (modelId: string): number | undefined => models.find(({ id }) => id === modelId)?.layers;
    const of = describedBy({ descriptions, results }, 'runs');
    const name = tagger === undefined ? 'a removed tagger' : taggerName(tagger, layersOf, (runId) => of(runId).name);
    await reviews.begin(tagging, name);
  }

  function findTagger(ref: TaggerRef): OfferedTagger | undefined {
    return offeredTaggers(labStore.getState()).find((one) => taggerKey(one.ref) === taggerKey(ref));
  }

  function show(change: Partial<TaggingView>): void {
    labStore.update(({ tagging }) => ({ tagging: tagging && { ...tagging, ...change } }));
  }

  function nameOf(corpusId: string): string {
    return labStore.getState().corpora.find(({ id }) => id === corpusId)?.name ?? 'corpus';
  }

  /** Sends chunk after chunk, until the end or until `signal` is aborted. */
  async function tagAll(
    id: string,
    ref: TaggerRef,
    documents: readonly AnnotatedDocument[],
    signal: AbortSignal,
  ): Promise<void> {
    const total = documents.reduce((sum, { sentences }) => sum + sentences.length, 0);
    const workedMs = createWorkedTime();
    const report = (done: number): void => {
      const elapsedMs = workedMs();
      const remainingMs = done === 0 || elapsedMs < LEAST_ELAPSED_MS ? null : (elapsedMs * (total - done)) / done;
      if (!signal.aborted) show({ progress: { phase: 'tagging', done, of: total, remainingMs } });
    };
    report(0);
    for await (const complete of taggedDocuments(client, { id, tagger: ref }, documents, signal, report)) {
      labStore.update(({ tagging }) => ({
        tagging: tagging && { ...tagging, documents: [...tagging.documents, ...complete] },
      }));
    }
  }

  async function tag(ref: TaggerRef, source: TaggingSource): Promise<void> {
    const tagger = findTagger(ref);
    if (tagger === undefined) throw new LabError('tagger/unknown', 'There is no such tagger.', { got: taggerKey(ref) });
    stop();
    const id = fingerprint([timestamp(), ++lastId, taggerKey(ref)]).slice(0, 16);
    const abort = new AbortController();
    const { signal } = abort;
    // A lost server has stopped tagging already.
    signal.addEventListener('abort', () => void client.call('interrupt', { runId: id, how: 'stop' }).catch(() => undefined)); // prettier-ignore
    current = abort;
    const name = nameOfSource(source, nameOf);
    const view: TaggingView = {
      id,
      tagger: ref,
      types: tagger.types,
      source: name,
      status: 'reading',
      documents: [],
      documentCount: 0,
      progress: null,
      issues: [],
      issueCount: 0,
      problem: null,
      review: null,
    };
    labStore.update(() => ({ tagging: view }));
    try {
      const { readTextSource } = await import('./predictions.ts');
      const reading = await readTextSource(source, {
        nameOf,
        read: (corpusId) => readCorpusSentences(store, corpusId),
        textsOf: (corpusId) => readCorpusTexts(store, corpusId),
        readFiles: (files) =>
          reader.readTexts(files, {
            signal,
            report: (progress) => show({ progress: { ...progress, remainingMs: null } }),
          }),
      });
      if (signal.aborted) return;
      const { documents, issues, issueCount } = reading;
      show({ status: 'tagging', documentCount: documents.length, issues, issueCount });
      await tagAll(id, ref, documents, signal);
      if (!signal.aborted) show({ status: 'done', progress: null });
    } catch (error) {
      if (!signal.aborted) show({ status: 'failed', progress: null, problem: LabError.toData(error) });
    } finally {
      if (current === abort) current = null;
    }
    // What was stopped is under review already.
    if (!signal.aborted) await review();
  }

  return { tag, stop };
}

function nameOfSource(source: TaggingSource, nameOf: (corpusId: string) => string): string {
  switch (source.kind) {
    case 'text':
      return 'text';
    case 'corpus':
      return `${nameOf(source.corpusId)} ${source.split}`;
    case 'files': {
      const [first] = source.files;
      return source.files.length === 1 && first !== undefined ? first.path : `${source.files.length} files`;
    }
  }
}

// Has a server tag documents, some sentences a call: long documents in pieces, short ones together.

/** Sentences per message: enough for full batches, few enough for a reply every few seconds. */
const SENTENCES_A_CALL = 500;

/** A document with the mentions that a tagger found, beside those that came with the text. */
export interface GoldAndFound extends AnnotatedDocument {
  readonly gold: readonly AnnotatedMention[];
}

/**
 * Tags documents in order and yields those that are complete after each call; `report` gets the sentences that are done. Ends early when `signal`
 * is aborted; interrupting the call is left to the caller, who knows `id`.
 */
export async function* taggedDocuments(
  client: ServerClient,
  { id, tagger }: { readonly id: string; readonly tagger: TaggerRef },
  documents: Iterable<AnnotatedDocument>,
  signal: AbortSignal,
  report: (sentences: number) => void,
  sentencesACall = SENTENCES_A_CALL,
): AsyncGenerator<readonly GoldAndFound[], void> {
  let before = 0;
  const stopListening = client.onEvent((event) => {
    if (event.kind === 'predicting' && event.runId === id) report(before + event.done);
  });
  try {
    /** Mentions of the document that is tagged in several pieces. */
    let sofar: readonly AnnotatedMention[] = [];
    for (const chunk of chunksOf(documents, sentencesACall)) {
      if (signal.aborted) return;
      const found = await client.call('tag', { id, tagger, documents: chunk.map(textOfPiece) });
      if (found === null || signal.aborted) return;
      before += chunk.reduce((sum, { first, end }) => sum + end - first, 0);
      const complete: GoldAndFound[] = [];
      for (const [index, piece] of chunk.entries()) {
        sofar = [...sofar, ...inDocument(found[index] ?? [], piece)];
        const { document, end } = piece;
        if (end < document.sentences.length) continue;
        // The annotations that came with the text stay as gold beside the mentions found.
        complete.push({ ...document, gold: document.mentions, mentions: sofar });
        sofar = [];
      }
      if (complete.length > 0) yield complete;
      report(before);
    }
  } finally {
    stopListening();
  }
}

/** Some sentences of a document, `[first, end)`: all of them, but for one of more sentences than a call takes. */
interface Piece {
  readonly document: AnnotatedDocument;
  readonly first: number;
  readonly end: number;
}

/** Returns the offset at which the text of a piece begins in its document. */
function startOfPiece({ document, first }: Piece): number {
  return first === 0 ? 0 : (document.sentences[first]?.[0]?.start ?? 0);
}

function textOfPiece(piece: Piece): DocumentText {
  const { document, first, end } = piece;
  const { id, text, sentences } = document;
  if (first === 0 && end === sentences.length) return { id, text, sentences };
  const from = startOfPiece(piece);
  return {
    id,
    text: text.slice(from, sentences[end - 1]?.at(-1)?.end),
    sentences: sentences
      .slice(first, end)
      .map((tokens) => tokens.map((token) => ({ start: token.start - from, end: token.end - from }))),
  };
}

/** Moves mentions found in a piece to their offsets in the document. */
function inDocument(found: readonly AnnotatedMention[], piece: Piece): readonly AnnotatedMention[] {
  const from = startOfPiece(piece);
  return from === 0 ? found : found.map((one) => ({ ...one, start: one.start + from, end: one.end + from }));
}

function* chunksOf(documents: Iterable<AnnotatedDocument>, most: number): Generator<readonly Piece[]> {
  let chunk: Piece[] = [];
  let sentences = 0;
  for (const document of documents) {
    const { length } = document.sentences;
    for (let first = 0; first < length; first += most) {
      const end = Math.min(length, first + most);
      if (chunk.length > 0 && sentences + end - first > most) {
        yield chunk;
        chunk = [];
        sentences = 0;
      }
      chunk.push({ document, first, end });
      sentences += end - first;
    }
  }
  if (chunk.length > 0) yield chunk;
}
