// Keeps reviews: stores what was tagged, in parts, and each step of the person, opens stored ones, and makes corpora of them.
import type { AnnotatedMention } from '../../data/documents/document.ts';
import type { LabelledDocument } from '../../metrics/scores/scoreSplit.ts';
import type { ReviewProvenance } from '../../schema/corpusRecord.ts';
import type { DocumentSlice, ReviewRecord, ReviewStep, StoredMention } from '../../schema/reviewRecord.ts';
import { readCorpusSentences, readCorpusTexts, saveCorpusSentences } from '../../storage/corpusRecords.ts';
import type { UnreadableItem } from '../../storage/records.ts';
import {
  listReviewRecords,
  readReviewPart,
  readReviewSteps,
  removeReview,
  saveReview,
  STEPS_A_RECORD,
  writeReviewSteps,
} from '../../storage/reviewRecords.ts';
import type { Store } from '../../storage/store.ts';
import { macrotask } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import type { Corpora } from '../library/corpora.ts';
import { beginningOfReview, stepReview, type Review } from '../review/review.ts';
import { corpusOfReview, tallyReview, type CorpusContent, type LabReviews } from '../review/reviewCorpus.ts';
import type { TaggingView } from '../state/labState.ts';
import type { LabStore } from '../state/labStore.ts';

/** Reviews without a step that stay stored: what was only tagged need not be kept for good. */
const UNTOUCHED_KEPT = 10;

export interface ReviewParts {
  readonly store: Store;
  readonly labStore: LabStore;
  readonly corpora: Corpora;
  /** Returns the ISO date and time. */
  readonly timestamp: () => string;
}

export class ReviewKeeper implements LabReviews {
  private readonly parts: ReviewParts;
  /** Steps of the open review that are in its last record, and the index of that. */
  private steps: readonly ReviewStep[] = [];
  private stepsIndex = 0;
  /** Whether the open review is stored, so that its steps can be. */
  private isStored = false;
  /** Records of steps still to write, by review and index, the newest of each. */
  private readonly unwritten = new Map<
    string,
    readonly [reviewId: string, index: number, steps: readonly ReviewStep[]]
  >();
  private writing: Promise<void> = Promise.resolve();

  constructor(parts: ReviewParts) {
    this.parts = parts;
  }

  /** Shows the stored reviews, and answers with those that cannot be read. */
  async restore(): Promise<readonly UnreadableItem[]> {
    const { records, unreadable } = await listReviewRecords(this.parts.store);
    this.parts.labStore.update(() => ({ reviews: newestFirst(records) }));
    return unreadable;
  }

  /** Begins the review of what was tagged, and stores it. */
  async begin(view: TaggingView, taggerName: string): Promise<void> {
    if (view.documents.length === 0) return;
    const review = await inTurns(beginningOfReview(view.documents, view.types));
    if (!this.show(view.id, { review })) return;
    this.forgetSteps();
    const { labStore, store } = this.parts;
    const description = {
      version: 1 as const,
      id: view.id,
      source: view.source,
      tagger: view.tagger,
      taggerName,
      types: [...view.types],
      taggedAt: this.parts.timestamp(),
      documentCount: view.documentCount,
      sentences: review.sentences.length,
    };
    try {
      const saving = this.writing.then(() =>
        saveReview(store, description, withTurns(partsOfDocuments(view.documents))),
      );
      this.writing = saving.then(
        () => undefined,
        () => undefined,
      );
      const record = await saving;
      labStore.update(({ reviews }) => ({ reviews: newestFirst([record, ...reviews]) }));
      if (this.openId === view.id) this.isStored = true;
      // Steps that were made while the text was being written.
      if (this.steps.length > 0) this.queueWrite();
      await this.removeUntouched();
    } catch (error) {
      labStore.notifyError('What was tagged is not stored and lasts only until this tab is closed', error);
    }
  }

  readonly open: LabReviews['open'] = async (reviewId) => {
    const { labStore, store } = this.parts;
    const { tagging, reviews } = labStore.getState();
    if (tagging?.id === reviewId) return;
    if (tagging?.status === 'reading' || tagging?.status === 'tagging') {
      throw new LabError('tagger/busy', 'A text is being tagged: wait until it is done, or cancel it.');
    }
    const record = reviews.find(({ id }) => id === reviewId);
    if (record === undefined) throw unknownReview(reviewId);
    await this.stored();
    const { id, tagger, types, source, documentCount } = record;
    const view: TaggingView = {
      id,
      tagger,
      types,
      source,
      status: 'reading',
      documents: [],
      documentCount,
      progress: null,
      issues: [],
      issueCount: 0,
      problem: null,
      review: null,
    };
    labStore.update(() => ({ tagging: view }));
    try {
      const joiner = new DocumentJoiner();
      for (let index = 0; index < record.parts; index++) {
        joiner.add(await readReviewPart(store, id, index));
        await macrotask();
      }
      let review = await inTurns(beginningOfReview(joiner.documents, types));
      let steps: readonly ReviewStep[] = [];
      let stepsIndex = 0;
      for await (const some of readReviewSteps(store, id)) {
        if (steps.length >= STEPS_A_RECORD) stepsIndex++;
        steps = some;
        for (const step of some) {
          const stepped = stepReview(review, step);
          // A stored step was possible when it was made; one that is not any more changes nothing.
          if (!('refusal' in stepped)) review = stepped;
        }
        await macrotask();
      }
      if (!this.show(id, { status: 'done', documents: joiner.documents, review })) return;
      this.steps = steps;
      this.stepsIndex = stepsIndex;
      this.isStored = true;
    } catch (error) {
      this.show(id, { status: 'failed', problem: LabError.toData(error) });
    }
  };

  readonly step: LabReviews['step'] = (step) => {
    const { tagging } = this.parts.labStore.getState();
    if (tagging?.review == null) return 'Nothing is under review.';
    const stepped = stepReview(tagging.review, step);
    if ('refusal' in stepped) return stepped.refusal;
    this.show(tagging.id, { review: stepped });
    if (this.steps.length >= STEPS_A_RECORD) {
      this.steps = [];
      this.stepsIndex++;
    }
    this.steps = [...this.steps, step];
    if (this.isStored) this.queueWrite();
    return null;
  };

  readonly stored: LabReviews['stored'] = async () => {
    for (let writing = null; writing !== this.writing; await writing) writing = this.writing;
  };

  readonly remove: LabReviews['remove'] = async (reviewId) => {
    const { labStore, store } = this.parts;
    if (!labStore.getState().reviews.some(({ id }) => id === reviewId)) throw unknownReview(reviewId);
    if (this.openId === reviewId) {
      this.isStored = false;
      labStore.update(() => ({ tagging: null }));
    }
    await this.stored();
    await removeReview(store, reviewId);
    labStore.update(({ reviews }) => ({ reviews: reviews.filter(({ id }) => id !== reviewId) }));
  };

  readonly saveCorpus: LabReviews['saveCorpus'] = async (name, selection) => {
    const { corpora, labStore, store, timestamp } = this.parts;
    const { tagging, reviews } = labStore.getState();
    if (tagging?.review == null) throw unknownReview(tagging?.id ?? 'none');
    const { division, threshold } = selection;
    const joined = division.kind === 'joined' ? await this.contentOf(division.corpusId) : null;
    const made = corpusOfReview(tagging.review, tagging.source, selection, joined);
    const savedAt = timestamp();
    const record = reviews.find(({ id }) => id === tagging.id);
    const review: ReviewProvenance = {
      taggerName: record?.taggerName ?? 'a tagger',
      tagger: tagging.tagger,
      source: tagging.source,
      taggedAt: record?.taggedAt ?? savedAt,
      savedAt,
      ...tallyReview(tagging.review, selection),
      threshold,
      seed: division.kind === 'divided' ? division.seed : null,
      joinedWith: joined?.name ?? null,
    };
    const before = labStore.getState().corpora;
    const id = await corpora.addMade(name, made, { review });
    // Ids are not in the fingerprint: those chosen since the corpus was saved take the place of the earlier ones.
    if (before.some((one) => one.id === id && one.review !== undefined)) {
      await saveCorpusSentences(store, id, made.sentences);
      labStore.notify('info', 'Its ids are now those of this review.');
    }
    return id;
  };

  private get openId(): string | null {
    return this.parts.labStore.getState().tagging?.id ?? null;
  }

  /** Changes the open view if it is the one with this id, and answers whether it is. */
  private show(id: string, change: Partial<TaggingView>): boolean {
    if (this.openId !== id) return false;
    this.parts.labStore.update(({ tagging }) => ({ tagging: tagging && { ...tagging, ...change } }));
    return true;
  }

  private forgetSteps(): void {
    this.steps = [];
    this.stepsIndex = 0;
    this.isStored = false;
  }

  private async contentOf(corpusId: string): Promise<CorpusContent> {
    const { labStore, store } = this.parts;
    const record = labStore.getState().corpora.find(({ id }) => id === corpusId);
    if (record === undefined) throw new LabError('corpus/unknown', 'There is no such corpus.', { got: corpusId });
    const [sentences, texts] = await Promise.all([
      readCorpusSentences(store, corpusId),
      readCorpusTexts(store, corpusId),
    ]);
    return { name: record.name, sentences, texts, sources: record.sources };
  }

  /** Writes the last record of steps after those before it; of several versions of one that wait, the newest. */
  private queueWrite(): void {
    const id = this.openId;
    if (id === null) return;
    this.unwritten.set(`${id}/${this.stepsIndex}`, [id, this.stepsIndex, this.steps]);
    this.writing = this.writing.then(async () => {
      for (const [key, [reviewId, index, steps]] of [...this.unwritten]) {
        this.unwritten.delete(key);
        try {
          await writeReviewSteps(this.parts.store, reviewId, index, steps);
        } catch (error) {
          this.parts.labStore.notifyError('The last corrections are not stored', error);
        }
      }
    });
  }

  private async removeUntouched(): Promise<void> {
    const { labStore, store } = this.parts;
    let untouched = 0;
    for (const { id } of labStore.getState().reviews) {
      if (id === this.openId || (await store.keys(`review/${id}/steps/`)).length > 0) continue;
      if (++untouched >= UNTOUCHED_KEPT) await this.remove(id);
    }
  }
}

function newestFirst(records: readonly ReviewRecord[]): readonly ReviewRecord[] {
  return [...records].sort((left, right) => (left.taggedAt < right.taggedAt ? 1 : -1));
}

function unknownReview(reviewId: string): LabError {
  return new LabError('review/unknown', 'There is no such review in this browser.', { got: reviewId });
}

/** Does work and lets the page draw where it yields. */
async function inTurns(work: Generator<void, Review, void>): Promise<Review> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await macrotask();
  }
}

/** Lets the page draw between two parts. */
async function* withTurns<Part>(parts: Iterable<Part>): AsyncGenerator<Part> {
  for (const part of parts) {
    yield part;
    await macrotask();
  }
}

// Cuts tagged documents into parts of a few hundred sentences for storage, and joins them again.

/** Sentences in one part: few enough to write and read within a frame. */
const SENTENCES_A_PART = 100;

/** Cuts documents into parts; a long document is in several, with its text in the first. */
export function* partsOfDocuments(documents: readonly LabelledDocument[]): Generator<readonly DocumentSlice[]> {
  let part: DocumentSlice[] = [];
  let room = SENTENCES_A_PART;
  for (const document of documents) {
    const found = mentionsInOrder(document.mentions);
    const gold = mentionsInOrder(document.gold);
    let first = 0;
    do {
      const sentences = document.sentences.slice(first, first + room);
      const isLast = first + sentences.length >= document.sentences.length;
      const end = isLast ? Infinity : (sentences.at(-1)?.at(-1)?.end ?? 0);
      part.push({
        id: document.id,
        ...(first === 0 && { text: document.text }),
        sentences: sentences.map((tokens) => tokens.flatMap((token) => [token.start, token.end])),
        found: found(end),
        gold: gold(end),
      });
      first += sentences.length;
      room -= sentences.length;
      if (room === 0) {
        yield part;
        part = [];
        room = SENTENCES_A_PART;
      }
    } while (first < document.sentences.length);
  }
  if (part.length > 0) yield part;
}

/** Returns a function that takes the next mentions, up to an offset, in their stored form. */
function mentionsInOrder(mentions: readonly AnnotatedMention[]): (end: number) => StoredMention[] {
  let next = 0;
  return (end) => {
    const taken: StoredMention[] = [];
    for (let mention = mentions[next]; mention !== undefined && mention.end <= end; mention = mentions[++next]) {
      taken.push([mention.type, mention.start, mention.end, mention.confidence]);
    }
    return taken;
  };
}

interface JoinedDocument extends LabelledDocument {
  readonly sentences: LabelledDocument['sentences'][number][];
  readonly mentions: AnnotatedMention[];
  readonly gold: AnnotatedMention[];
}

/** Joins the parts again, given one after the other. */
export class DocumentJoiner {
  readonly documents: JoinedDocument[] = [];

  add(part: readonly DocumentSlice[]): void {
    for (const { id, text, sentences, found, gold } of part) {
      if (text !== undefined) this.documents.push({ id, text, sentences: [], mentions: [], gold: [] });
      const document = this.documents.at(-1);
      if (document === undefined) continue;
      for (const offsets of sentences) document.sentences.push(spansOf(offsets));
      for (const mention of found) document.mentions.push(unstored(mention));
      for (const mention of gold) document.gold.push(unstored(mention));
    }
  }
}

function spansOf(offsets: readonly number[]): LabelledDocument['sentences'][number] {
  return Array.from({ length: offsets.length / 2 }, (_, token) => ({
    start: offsets[2 * token] ?? 0,
    end: offsets[2 * token + 1] ?? 0,
  }));
}

function unstored([type, start, end, confidence]: StoredMention): AnnotatedMention {
  return { type, start, end, confidence };
}
