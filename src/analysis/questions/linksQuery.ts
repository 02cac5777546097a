// Queries about the ids that mentions have in a dictionary of the library.
import type { LinkAnswer, LinkOptions } from '../../data/dictionary/linker.ts';

/** A mention to link: its text, and its type, which narrows the candidates where the dictionary has it. */
export interface MentionToLink {
  readonly text: string;
  readonly type: string;
}

/** A query for the links of mentions, each different one once. */
export interface LinksQuery {
  readonly dictionaryId: string;
  readonly mentions: readonly MentionToLink[];
  readonly options: LinkOptions;
}

/** One answer per mention, in order. */
export interface LinksAnswer {
  readonly links: readonly LinkAnswer[];
}
