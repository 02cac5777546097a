// How right and wrong mentions are chosen among: by kind, by who is right, by text, by type, by what training has.
import type { ErrorKind } from '../metrics/errorKinds.ts';

/** All, all that are not correct, or one kind; of two snapshots those where it is the kind of either. */
export const KIND_CHOICES = [
  'wrong',
  'boundary',
  'type',
  'boundaryAndType',
  'missed',
  'spurious',
  'correct',
  'any',
] as const satisfies readonly (ErrorKind | 'wrong' | 'any')[];
export type KindChoice = (typeof KIND_CHOICES)[number];

/** Which of two snapshots is right, as `compareErrors` says; `differ` where they do not predict the same there. */
export const RIGHT_CHOICES = ['any', 'a', 'b', 'neither', 'differ'] as const;
export type RightChoice = (typeof RIGHT_CHOICES)[number];

/** How often the mention's string, the annotated one where there is one, is a mention in training. */
export const SEEN_CHOICES = ['any', 'seen', 'unseen'] as const;
export type SeenChoice = (typeof SEEN_CHOICES)[number];

export interface ErrorFilter {
  readonly kind: KindChoice;
  /** Has to be `any` for one snapshot. */
  readonly right: RightChoice;
  /** Part of an annotated or predicted mention's string, whatever its case; empty for all. */
  readonly text: string;
  /** Of the annotated mention or a predicted one; null for all. */
  readonly type: string | null;
  readonly seen: SeenChoice;
}
