// The types of annotated text: corpus, sentence, mention, split, task.
export const SPLITS = ['train', 'devel', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** What a mention means: the id of an entry of a dictionary or another resource. */
export interface MentionLink {
  /** As the file or dictionary spells it; of several ids in one field, the whole field. */
  readonly id: string;
  /** The preferred name of the entry; absent where it is not known. */
  readonly name?: string;
  /** How sure the link is, 0 to 1; absent where it is not known. */
  readonly score?: number;
}

/** A span of tokens `[start, end)` of one sentence with an entity type. Mentions are flat: none overlaps another. */
export interface Mention {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** Absent for a mention without an id. */
  readonly link?: MentionLink;
}

/** Tokens and their mentions, in order of start. Tags are made from mentions when a run needs them. */
export interface Sentence {
  readonly tokens: readonly string[];
  readonly mentions: readonly Mention[];
}

export type CorpusSentences = Readonly<Record<Split, readonly Sentence[]>>;

/** One corpus restricted to one entity type, or with all its types (`type: null`). */
export interface Task {
  readonly corpusId: string;
  readonly type: string | null;
}

export function isSameTask(left: Task, right: Task): boolean {
  return left.corpusId === right.corpusId && left.type === right.type;
}

/** Restricts sentences to a task's type: mentions of other types become plain text. */
export function restrictToType(sentences: readonly Sentence[], type: string | null): readonly Sentence[] {
  return type === null ? sentences : restrictToTypes(sentences, [type]);
}

export function restrictToTypes(sentences: readonly Sentence[], types: readonly string[]): readonly Sentence[] {
  return sentences.map(({ tokens, mentions }) => ({
    tokens,
    mentions: mentions.filter(({ type }) => types.includes(type)),
  }));
}
