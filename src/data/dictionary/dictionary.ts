// The types of a dictionary: entries with an id, a name and synonyms, and how a file of them was understood.
import type { IssueList } from '../corpus/issues.ts';

/** How a synonym relates to its entry, as OBO says it; null where the file says nothing, which counts as exact. */
export type SynonymScope = 'EXACT' | 'NARROW' | 'BROAD' | 'RELATED';

export interface DictionarySynonym {
  readonly text: string;
  readonly scope: SynonymScope | null;
}

export interface DictionaryEntry {
  readonly id: string;
  /** The preferred name. */
  readonly name: string;
  /** The entity type; null where the file gives none. */
  readonly type: string | null;
  readonly synonyms: readonly DictionarySynonym[];
  /** Earlier ids of the same entry. */
  readonly altIds?: readonly string[];
  /** Ids in other resources. */
  readonly xrefs?: readonly string[];
}

export const DICTIONARY_FORMATS = ['OBO', 'TSV', 'CSV', 'JSON'] as const;
export type DictionaryFormat = (typeof DICTIONARY_FORMATS)[number];

/** A file of terms as it was read. */
export interface DictionaryReading {
  readonly format: DictionaryFormat;
  /** Says in words what the columns, keys or stanzas were taken for. */
  readonly understood: string;
  /** One for each id and type, in file order. */
  readonly entries: readonly DictionaryEntry[];
  /** Entries that the file marks as obsolete, which are left out. */
  readonly obsolete: number;
  readonly issues: IssueList;
}

/** What a term is to its entry: its preferred name, the same thing under another name, or something wider or near. */
export type TermRank = 'name' | 'exact' | 'related';

/** Calls `visit` with each term of an entry: the name, then the synonyms. */
export function visitTerms({ name, synonyms }: DictionaryEntry, visit: (text: string, rank: TermRank) => void): void {
  visit(name, 'name');
  for (const { text, scope } of synonyms) visit(text, scope === 'BROAD' || scope === 'RELATED' ? 'related' : 'exact');
}

/** Counts names and synonyms. */
export function countTerms(entries: readonly DictionaryEntry[]): number {
  return entries.reduce((sum, { synonyms }) => sum + 1 + synonyms.length, 0);
}

/** Collects terms row by row: rows with the same id and type become one entry, whose name is that of the first. */
export class EntryCollector {
  private readonly byKey = new Map<
    string,
    { entry: DictionaryEntry; synonyms: DictionarySynonym[]; texts: Set<string> }
  >();

  add({ synonyms, ...entry }: DictionaryEntry): void {
    const key = `${entry.id}\n${entry.type ?? ''}`;
    let known = this.byKey.get(key);
    const added: readonly DictionarySynonym[] =
      known === undefined ? synonyms : [{ text: entry.name, scope: null }, ...synonyms];
    if (known === undefined) {
      const own: DictionarySynonym[] = [];
      known = { entry: { ...entry, synonyms: own }, synonyms: own, texts: new Set([entry.name]) };
      this.byKey.set(key, known);
    }
    for (const synonym of added) {
      if (known.texts.has(synonym.text)) continue;
      known.texts.add(synonym.text);
      known.synonyms.push(synonym);
    }
  }

  get size(): number {
    return this.byKey.size;
  }

  entries(): DictionaryEntry[] {
    return [...this.byKey.values()].map(({ entry }) => entry);
  }
}
