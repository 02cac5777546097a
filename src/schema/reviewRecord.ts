// What the lab stores of a review: its record, the text with what the tagger found in parts, and the steps of the person.
import * as z from '../util/zod.ts';
import { mentionLinkSchema, taggerRefSchema } from './corpusRecord.ts';

const count = z.int().check(z.gte(0));

export const reviewRecordSchema = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  /** Name of the text. */
  source: z.string(),
  tagger: taggerRefSchema,
  /** The tagger in words, for when it is no longer in the lab. */
  taggerName: z.string(),
  /** Types of the tagger. */
  types: z.array(z.string()),
  taggedAt: z.iso.datetime(),
  /** Documents of the text; fewer are here where tagging was stopped. */
  documentCount: count,
  sentences: count,
  /** Number of records that hold the text. */
  parts: count,
});
/** A tagged text that is reviewed, without its text. */
export type ReviewRecord = z.infer<typeof reviewRecordSchema>;

/** Start and end of each token in turn; tested as a whole, because a schema for each of a hundred thousand numbers takes long. */
const tokenOffsetsSchema = z
  .array(z.number())
  .check(
    z.refine(
      (offsets) => offsets.length % 2 === 0 && offsets.every((offset) => Number.isInteger(offset) && offset >= 0),
      'a token has a start and an end',
    ),
  );

/** Type, start, end and confidence of a mention, in UTF-16 units of the document. */
const storedMentionSchema = z.tuple([z.string(), count, count, z.nullable(z.number().check(z.gte(0), z.lte(1)))]);
export type StoredMention = z.infer<typeof storedMentionSchema>;

/** Some sentences of one document: its text is in the first part that has some of its sentences. */
const documentSliceSchema = z.strictObject({
  id: z.string(),
  text: z.optional(z.string()),
  sentences: z.array(tokenOffsetsSchema),
  found: z.array(storedMentionSchema),
  gold: z.array(storedMentionSchema),
});
export type DocumentSlice = z.infer<typeof documentSliceSchema>;

export const reviewPartSchema = z.array(documentSliceSchema);

const index = count;
const ofMention = { sentence: index, mention: index };

/** One action of a person. Sentences are counted through all documents, mentions have the number that their sentence gave them. */
export const reviewStepSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('accept'), ...ofMention }),
  z.strictObject({ kind: z.literal('reject'), ...ofMention }),
  z.strictObject({ kind: z.literal('restore'), ...ofMention }),
  z.strictObject({ kind: z.literal('retype'), ...ofMention, type: z.string().check(z.minLength(1)) }),
  z.strictObject({ kind: z.literal('move'), ...ofMention, start: index, end: index }),
  /** Chooses the id of a mention, or that it has none. */
  z.strictObject({ kind: z.literal('link'), ...ofMention, link: z.nullable(mentionLinkSchema) }),
  z.strictObject({
    kind: z.literal('add'),
    sentence: index,
    type: z.string().check(z.minLength(1)),
    start: index,
    end: index,
  }),
  /** Accepts what is still open from the threshold on, rejects what is open below, and marks the sentences as reviewed. */
  z.strictObject({
    kind: z.literal('review'),
    sentences: z.array(index).check(z.minLength(1)),
    threshold: z.number().check(z.gte(0), z.lte(1)),
  }),
  z.strictObject({ kind: z.literal('reopen'), sentence: index }),
  /** Takes the mentions that the text came with instead of those found. */
  z.strictObject({ kind: z.literal('annotated'), sentence: index }),
  z.strictObject({ kind: z.literal('undo') }),
  z.strictObject({ kind: z.literal('redo') }),
]);
export type ReviewStep = z.infer<typeof reviewStepSchema>;

export const reviewStepsSchema = z.array(reviewStepSchema);
