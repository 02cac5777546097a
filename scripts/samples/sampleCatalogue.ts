// Builds the entries of public/corpora/catalogue.json about the sample corpora.
import type { Split } from '../../src/data/corpus/corpus.ts';
import type { SampleCategory } from './category.ts';

/** The lab reads `version`, `name` and `files`; the rest is for human readers. */
export interface SampleCatalogue {
  readonly version: 1;
  readonly corpora: readonly {
    readonly name: string;
    readonly category: SampleCategory['name'];
    /** The one entity type annotated in it. */
    readonly type: string;
    readonly about: string;
    readonly licence: 'CC0-1.0';
    /** Paths relative to the catalogue. */
    readonly files: Readonly<Record<Split, string>>;
    readonly sentences: Readonly<Record<Split, number>>;
    readonly mentions: Readonly<Record<Split, number>>;
  }[];
}
