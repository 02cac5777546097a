// Declares what the lab does with dictionaries, and loads the code that does it with the first of them.
import type { DictionaryRecord } from '../../schema/dictionaryRecord.ts';
import type { UnreadableItem } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import type { DroppedFile } from '../../util/namedFile.ts';
import type { SilverSettings } from '../../wire/dictionaryProtocol.ts';
import type { Corpora } from '../library/corpora.ts';
import type { FileReader } from '../library/fileReader.ts';
import type { LabStore } from '../state/labStore.ts';
import type { DictionaryKeeper } from './dictionaryKeeper.ts';

/** Text in which terms are marked. */
export type TermsSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'files'; readonly files: readonly DroppedFile[] }
  /** All splits of a corpus; its annotation is ignored. */
  | { readonly kind: 'corpus'; readonly corpusId: string };

export interface TermsRequest extends SilverSettings {
  readonly dictionaryId: string;
  readonly source: TermsSource;
  /** The name of the corpus to make. */
  readonly name: string;
}

/** What the lab does with dictionaries; `LabState.dictionaries` lists them. */
export interface LabDictionaries {
  /** Reads files of terms, each as a cancellable job, and returns the ids of the dictionaries; what cannot be read becomes a notice. */
  add(files: readonly DroppedFile[]): Promise<readonly string[]>;
  /** Changes the name or the note on licence and origin. Throws `dictionary/unknown` and `dictionary/name`. */
  describe(id: string, change: Partial<Pick<DictionaryRecord, 'name' | 'licence'>>): Promise<void>;
  remove(id: string): Promise<void>;
  /**
   * Marks terms in text and stores it as a corpus, as a cancellable job; returns the id of the corpus, null when cancelled. Rejects with `dictionary/...`,
   * `corpus/name` and `storage/full`.
   */
  markTerms(request: TermsRequest): Promise<string | null>;
}

export interface DictionaryParts {
  readonly store: Store;
  readonly reader: FileReader;
  readonly labStore: LabStore;
  readonly corpora: Corpora;
  /** Returns the ISO date and time. */
  readonly timestamp: () => string;
  /** Does work that changes what is stored, or frees storage, where this tab may. */
  readonly changing: <Value>(work: () => Promise<Value>) => Promise<Value>;
  readonly removing: (work: () => Promise<void>) => Promise<void>;
}

/** Most visits to the lab have no dictionary. */
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
