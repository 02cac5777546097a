// Tags documents in batches and publishes the mentions found so far.
import { typesOfTags } from '../../data/corpus/tagSet.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/documents/document.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { RunRecord, SnapshotScores } from '../../schema/runRecord.ts';
import { readCorpusSentences, readCorpusTexts } from '../../storage/corpusRecords.ts';
import type { Store } from '../../storage/store.ts';
import { createWorkedTime } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import type { TaggerRef } from '../../wire/taggerRef.ts';
import type { ServerClient } from '../../wire/trainingProtocol.ts';
import type { FileReader } from '../library/fileReader.ts';
import type { Lab, LabState, TaggingView, TaggingSource } from '../state/labState.ts';
import type { LabStore } from '../state/labStore.ts';

/** A tagger that can tag text: a saved snapshot of one of the lab's runs, or a model with a tagging head. */
export type OfferedTagger =
  | {
      readonly ref: TaggerRef & { readonly kind: 'snapshot' };
      readonly types: readonly string[];
      readonly run: RunRecord;
      readonly snapshot: SnapshotScores;
      /** Whether the snapshot was selected on devel. */
      readonly selected: boolean;
    }
  | {
      readonly ref: TaggerRef & { readonly kind: 'model' };
      readonly types: readonly string[];
      readonly model: ModelRecord;
    };

/** Lists runs newest first, the selected snapshot of each before the others, latest first; then models in library order. */
export function offeredTaggers({ runs, models }: Pick<LabState, 'runs' | 'models'>): readonly OfferedTagger[] {
  const found = new Set(models.map(({ id }) => id));
  const snapshots = runs.flatMap(({ record }) => (found.has(record.spec.model.id) ? snapshotsOf(record) : []));
  const stored = models.flatMap((model): OfferedTagger[] =>
    model.tagger === undefined ? [] : [{ ref: { kind: 'model', modelId: model.id }, types: model.tagger.types, model }],
  );
  return [...snapshots, ...stored];
}

function snapshotsOf(run: RunRecord): OfferedTagger[] {
  const types = typesOfTags(run.tags);
  return run.snapshots
    .map((snapshot) => ({
      ref: { kind: 'snapshot' as const, runId: run.spec.id, epoch: snapshot.epoch },
      types,
      run,
      snapshot,
      selected: snapshot.epoch === run.selectedEpoch,
    }))
    .sort((left, right) => Number(right.selected) - Number(left.selected) || right.ref.epoch - left.ref.epoch);
}

/** Identifies a tagger in selection lists and URLs. */
export function taggerKey(ref: TaggerRef): string {
  return ref.kind === 'snapshot' ? `${ref.runId}@${ref.epoch}` : ref.modelId;
}

interface Tagging {
  tag: Lab['tag'];
  stop: Lab['stopTagging'];
}

/** Sentences per message: enough for full batches, few enough for a reply every few seconds. */
const SENTENCES_A_CALL = 500;
/** The remaining time is not estimated before this. */
const LEAST_ELAPSED_MS = 1000;

export function createTagging({
  client,
  reader,
  labStore,
  store,
}: {
  readonly client: ServerClient;
  readonly reader: FileReader;
  readonly labStore: LabStore;
  readonly store: Store;
}): Tagging {
  let lastId = 0;
  /** Aborts what is being tagged; null once it was stopped or is over. */
  let current: AbortController | null = null;

  function stop(): void {
    if (current === null) return;
    current.abort();
    current = null;
    show({ status: 'stopped', progress: null });
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
    let before = 0;
    const report = (sentences: number): void => {
      const elapsedMs = workedMs();
      const done = before + sentences;
      const remainingMs = done === 0 || elapsedMs < LEAST_ELAPSED_MS ? null : (elapsedMs * (total - done)) / done;
      if (!signal.aborted) show({ progress: { phase: 'tagging', done, of: total, remainingMs } });
    };
    const stopListening = client.onEvent((event) => {
      if (event.kind === 'predicting' && event.runId === id) report(event.done);
    });
    try {
      report(0);
      for (const chunk of chunksOf(documents)) {
        if (signal.aborted) return;
        const texts = chunk.map(({ id: document, text, sentences }) => ({ id: document, text, sentences }));
        const found = await client.call('tag', { id, tagger: ref, documents: texts });
        if (found === null || signal.aborted) return;
        before += chunk.reduce((sum, { sentences }) => sum + sentences.length, 0);
        labStore.update(({ tagging }) => ({
          tagging: tagging && { ...tagging, documents: [...tagging.documents, ...withFound(chunk, found)] },
        }));
        report(0);
      }
    } finally {
      stopListening();
    }
  }

  async function tag(ref: TaggerRef, source: TaggingSource): Promise<void> {
    const tagger = offeredTaggers(labStore.getState()).find((one) => taggerKey(one.ref) === taggerKey(ref));
    if (tagger === undefined) throw new LabError('tagger/unknown', 'There is no such tagger.', { got: taggerKey(ref) });
    stop();
    const id = `tagging-${++lastId}`;
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
    };
    labStore.update(() => ({ tagging: view }));
    try {
      const { readTextSource } = await import('./readTextSource.ts');
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

/** Keeps the annotations that came with the text as gold beside the predicted mentions. */
function withFound(
  documents: readonly AnnotatedDocument[],
  found: readonly (readonly AnnotatedMention[])[],
): TaggingView['documents'] {
  return documents.map((document, index) => ({ ...document, gold: document.mentions, mentions: found[index] ?? [] }));
}

function* chunksOf(documents: readonly AnnotatedDocument[]): Generator<readonly AnnotatedDocument[]> {
  let chunk: AnnotatedDocument[] = [];
  let sentences = 0;
  for (const document of documents) {
    if (chunk.length > 0 && sentences + document.sentences.length > SENTENCES_A_CALL) {
      yield chunk;
      chunk = [];
      sentences = 0;
    }
    chunk.push(document);
    sentences += document.sentences.length;
  }
  if (chunk.length > 0) yield chunk;
}
