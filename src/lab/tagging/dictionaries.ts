// Loads the code for dictionaries with the first of them.
import type { UnreadableItem } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import type { LabDictionaries } from '../dictionaries/storedDictionary.ts';
import type { Corpora } from '../library/corpora.ts';
import type { FileReader } from '../library/fileReader.ts';
import type { LabStore } from '../state/labStore.ts';
import type { DictionaryKeeper } from './dictionaryKeeper.ts';

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
