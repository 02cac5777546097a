// Links mentions to the ids of a dictionary: by the same text, by the same text normalised, and by character n-grams in common.
import type { Work } from '../../util/clock.ts';
import { NumberList } from '../../util/wordTrie.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../documents/document.ts';
import { visitTerms, type DictionaryEntry, type TermRank } from './dictionary.ts';
import { normalWords } from './termForms.ts';

/** An entry that a mention may mean. */
export interface LinkCandidate {
  readonly id: string;
  /** The preferred name. */
  readonly name: string;
  readonly type: string | null;
  /** The name or synonym that is like the mention. */
  readonly term: string;
  /** 1 for the same text, normalised or not; else the cosine of the terms' TF-IDF vectors, 0 to 1. */
  readonly score: number;
}

/** How the id of a mention was found; null for none. */
export type LinkStep = 'exact' | 'normalised' | 'similar';

export interface LinkAnswer {
  /** Null where no candidate reaches the threshold, and where the mention is a term of several ids. */
  readonly id: string | null;
  readonly step: LinkStep | null;
  /** Whether the mention is, normalised or not, a term of several ids. */
  readonly isAmbiguous: boolean;
  /** The entries most like the mention, best first, at most as many as wanted; that of the id is the first. */
  readonly candidates: readonly LinkCandidate[];
}

export interface LinkOptions {
  /** Candidates in an answer. */
  readonly most: number;
  /** The least score of an id, 0 to 1. */
  readonly threshold: number;
  /** The types that mentions may have. Where the dictionary has one of them, an entry of a type is no candidate for mentions of a type that it lacks. */
  readonly types?: readonly string[];
}

export const DEFAULT_LINKING: LinkOptions = { most: 5, threshold: 0.7 };

const RANKS: readonly TermRank[] = ['name', 'exact', 'related'];
const ENTRIES_A_STEP = 1000;
/** Terms that are looked at for each candidate wanted, as several may be of one entry. */
const TERMS_A_CANDIDATE = 8;

/**
 * Names go before synonyms, and these before broader and related ones: of several entries with the same term, the one of which it is the name is
 * meant. Where the dictionary has the type of a mention, ignoring case, only entries of that type are candidates. Where it has none of the types of
 * the tagger, it names them differently, and every entry is one.
 */
export class Linker {
  private readonly entries: readonly DictionaryEntry[];
  private readonly types: ReadonlySet<string>;
  /** Terms by their text, and by their normal form. */
  private readonly byText = new Map<string, number[]>();
  private readonly byForm = new Map<string, number[]>();
  private readonly texts: string[] = [];
  private readonly entryOf: number[] = [];
  private readonly ranks: number[] = [];
  private index: NgramIndex | null = null;

  private constructor(entries: readonly DictionaryEntry[]) {
    this.entries = entries;
    this.types = new Set(entries.flatMap(({ type }) => type?.toLowerCase() ?? []));
  }

  static *build(entries: readonly DictionaryEntry[]): Work<Linker> {
    const linker = new Linker(entries);
    const forms: string[] = [];
    for (const [index, entry] of entries.entries()) {
      if (index % ENTRIES_A_STEP === 0) yield { phase: 'reading terms', done: index, of: entries.length };
      visitTerms(entry, (text, rank) => {
        const words = normalWords(text);
        forms.push(words.join(' '));
        addTo(linker.byText, plainText(text), linker.texts.length);
        if (words.length > 0) addTo(linker.byForm, formOf(words), linker.texts.length);
        linker.texts.push(text);
        linker.entryOf.push(index);
        linker.ranks.push(RANKS.indexOf(rank));
      });
    }
    linker.index = yield* NgramIndex.build(forms);
    return linker;
  }

  /** Links a mention by its text and, where the dictionary has it, its type. */
  link(mention: string, type: string | null = null, options: LinkOptions = DEFAULT_LINKING): LinkAnswer {
    const { most, threshold } = options;
    const isWanted = this.filterOf(type, options);
    const words = normalWords(mention);
    const similar = () => (this.index as NgramIndex).similar(words.join(' '), most * TERMS_A_CANDIDATE, isWanted);
    for (const step of ['exact', 'normalised'] as const) {
      const found = step === 'exact' ? this.byText.get(plainText(mention)) : this.byForm.get(formOf(words));
      const terms = this.bestRanked((found ?? []).filter(isWanted));
      if (terms.length === 0) continue;
      const candidates = this.candidates(terms.map((term) => ({ term, score: 1 })), similar, most); // prettier-ignore
      const isAmbiguous = new Set(terms.map((term) => this.entry(term).id)).size > 1;
      return { id: isAmbiguous ? null : (candidates[0]?.id ?? null), step, isAmbiguous, candidates };
    }
    const candidates = this.candidates([], similar, most);
    const [best] = candidates;
    const isSure = best !== undefined && best.score >= threshold;
    return { id: isSure ? best.id : null, step: isSure ? 'similar' : null, isAmbiguous: false, candidates };
  }

  /** Which terms are of entries that a mention of the type may mean. */
  private filterOf(type: string | null, { types = [] }: LinkOptions): (term: number) => boolean {
    const own = type?.toLowerCase();
    if (own !== undefined && this.types.has(own)) return (term) => this.entry(term).type?.toLowerCase() === own;
    const isOther = own !== undefined && types.some((one) => this.types.has(one.toLowerCase()));
    return isOther ? (term) => this.entry(term).type === null : () => true;
  }

  private entry(term: number): DictionaryEntry {
    return this.entries[this.entryOf[term] ?? 0] as DictionaryEntry;
  }

  /** Of terms that are the same, those that are most to their entries. */
  private bestRanked(terms: readonly number[]): readonly number[] {
    const best = Math.min(...terms.map((term) => this.ranks[term] ?? 0));
    return terms.filter((term) => this.ranks[term] === best);
  }

  /** `similar` takes most of the time: it is called where the first terms are of fewer entries than wanted. */
  private candidates(
    first: readonly { readonly term: number; readonly score: number }[],
    similar: () => readonly { readonly index: number; readonly score: number }[],
    most: number,
  ): readonly LinkCandidate[] {
    const chosen = new Map<string, LinkCandidate>();
    const add = (term: number, score: number): void => {
      const { id, name, type } = this.entry(term);
      if (chosen.size >= most || chosen.has(id)) return;
      // Rounding of sums may exceed 1 by some bits.
      chosen.set(id, { id, name, type, term: this.texts[term] ?? name, score: Math.min(1, score) });
    };
    for (const { term, score } of first) add(term, score);
    if (chosen.size < most) for (const { index, score } of similar()) add(index, score);
    return [...chosen.values()];
  }
}

/** Gives mentions the id, name and score of their answers; a mention without an id loses what it had, unless a person chose it. */
export function linkDocuments<Document extends AnnotatedDocument>(
  documents: readonly Document[],
  answerOf: (text: string, type: string) => LinkAnswer | undefined,
): readonly Document[] {
  return documents.map((document) => ({
    ...document,
    mentions: document.mentions.map((found): AnnotatedMention => {
      if (found.isLinkChosen === true) return found;
      const { link: _, ...mention } = found;
      const answer = answerOf(document.text.slice(mention.start, mention.end), mention.type);
      const best = answer?.candidates[0];
      if (answer === undefined || answer.id === null || best === undefined) return mention;
      return { ...mention, link: { id: answer.id, name: best.name, score: best.score } };
    }),
  }));
}

function plainText(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

/** The same for the same words in any order. */
function formOf(words: readonly string[]): string {
  return [...words].sort().join(' ');
}

function addTo(terms: Map<string, number[]>, key: string, term: number): void {
  const known = terms.get(key);
  if (known === undefined) terms.set(key, [term]);
  else known.push(term);
}

// Finds the texts most like another by the cosine of their TF-IDF vectors over character n-grams.

/** Characters of an n-gram. */
const GRAM = 3;
const TEXTS_A_STEP = 1000;

export interface SimilarText {
  /** Index of the text. */
  readonly index: number;
  /** Cosine, 0 to 1. */
  readonly score: number;
}

/** Calls `visit` with each n-gram of a text, which begins and ends with a space. */
export function visitGrams(text: string, visit: (gram: string) => void): void {
  const padded = ` ${text} `;
  for (let start = 0; start + GRAM <= padded.length; start++) visit(padded.slice(start, start + GRAM));
}

/**
 * An inverted index. The weight of an n-gram in a text is its count times ln((1 + n) / (1 + d)) + 1, for n texts of which d have it; vectors are
 * divided by their length. Takes 12 bytes for each different n-gram of a text.
 */
export class NgramIndex {
  readonly size: number;
  private readonly grams = new Map<string, number>();
  /** Where the texts of each n-gram begin in `texts` and `weights`, `[grams + 1]`. */
  private starts = new Int32Array(1);
  private texts = new Int32Array(0);
  private weights = new Float32Array(0);
  private idf = new Float64Array(0);
  /** Sums of the query under way, by text, all zero between two. */
  private readonly sums: Float64Array;
  /** The texts whose sums the query under way changed, at the front. */
  private readonly touched: Int32Array;

  private constructor(size: number) {
    this.size = size;
    this.sums = new Float64Array(size);
    this.touched = new Int32Array(size);
  }

  static *build(texts: readonly string[]): Work<NgramIndex> {
    const index = new NgramIndex(texts.length);
    yield* index.fill(texts);
    return index;
  }

  /** Returns the texts with an n-gram in common, the most similar first, then by index; at most `most`, of those that `isWanted`. */
  similar(text: string, most: number, isWanted: (index: number) => boolean): readonly SimilarText[] {
    const counts = new Map<number, number>();
    let unknown = 0;
    const unknownCounts = new Map<string, number>();
    visitGrams(text, (gram) => {
      const known = this.grams.get(gram);
      if (known === undefined) unknownCounts.set(gram, (unknownCounts.get(gram) ?? 0) + 1);
      else counts.set(known, (counts.get(known) ?? 0) + 1);
    });
    const idfOfNone = Math.log(1 + this.size) + 1;
    for (const count of unknownCounts.values()) unknown += (count * idfOfNone) ** 2;
    let squares = unknown;
    // Fields of this in the innermost loop would be read again for each text.
    const { starts, texts, weights, sums, touched } = this;
    let touches = 0;
    for (const [gram, count] of counts) {
      const weight = count * (this.idf[gram] as number);
      squares += weight ** 2;
      const end = starts[gram + 1] as number;
      for (let at = starts[gram] as number; at < end; at++) {
        const of = texts[at] as number;
        const sum = sums[of] as number;
        if (sum === 0) touched[touches++] = of;
        sums[of] = sum + weight * (weights[at] as number);
      }
    }
    const length = Math.sqrt(squares);
    const best: SimilarText[] = [];
    for (let touch = 0; touch < touches; touch++) {
      const of = touched[touch] as number;
      const score = (sums[of] as number) / length;
      sums[of] = 0;
      const last = best[most - 1];
      if (last !== undefined && (score < last.score || (score === last.score && of > last.index))) continue;
      if (isWanted(of)) insert(best, { index: of, score }, most);
    }
    return best;
  }

  private *fill(texts: readonly string[]): Work<void> {
    const [gramsOfTexts, countsOfTexts] = [new NumberList(), new NumberList()];
    const ends = new Int32Array(texts.length + 1);
    const frequencies: number[] = [];
    for (const [index, text] of texts.entries()) {
      if (index % TEXTS_A_STEP === 0) yield { phase: 'indexing terms', done: index, of: 2 * texts.length };
      const counts = new Map<number, number>();
      visitGrams(text, (name) => {
        let gram = this.grams.get(name);
        if (gram === undefined) this.grams.set(name, (gram = this.grams.size));
        counts.set(gram, (counts.get(gram) ?? 0) + 1);
      });
      for (const [gram, count] of counts) {
        frequencies[gram] = (frequencies[gram] ?? 0) + 1;
        gramsOfTexts.push(gram);
        countsOfTexts.push(count);
      }
      ends[index + 1] = gramsOfTexts.length;
    }
    this.idf = Float64Array.from(frequencies, (texts_) => Math.log((1 + this.size) / (1 + texts_)) + 1);
    this.starts = new Int32Array(this.grams.size + 1);
    for (const [gram, count] of frequencies.entries()) this.starts[gram + 1] = (this.starts[gram] as number) + count;
    this.texts = new Int32Array(gramsOfTexts.length);
    this.weights = new Float32Array(gramsOfTexts.length);
    const next = this.starts.slice();
    for (let index = 0; index < texts.length; index++) {
      if (index % TEXTS_A_STEP === 0)
        yield { phase: 'indexing terms', done: texts.length + index, of: 2 * texts.length };
      const [from, to] = [ends[index] as number, ends[index + 1] as number];
      let squares = 0;
      for (let at = from; at < to; at++)
        squares += (countsOfTexts.at(at) * (this.idf[gramsOfTexts.at(at)] as number)) ** 2;
      const length = Math.sqrt(squares);
      for (let at = from; at < to; at++) {
        const gram = gramsOfTexts.at(at);
        const position = (next[gram] as number)++;
        this.texts[position] = index;
        this.weights[position] = (countsOfTexts.at(at) * (this.idf[gram] as number)) / length;
      }
    }
    yield { phase: 'indexing terms', done: 2 * texts.length, of: 2 * texts.length };
  }
}

/** Puts an item in its place among the best, of which there are at most `most`. */
function insert(best: SimilarText[], item: SimilarText, most: number): void {
  let at = best.length;
  for (let other = best[at - 1]; other !== undefined; other = best[at - 1]) {
    if (other.score > item.score || (other.score === item.score && other.index < item.index)) break;
    at--;
  }
  best.splice(at, 0, item);
  if (best.length > most) best.pop();
}
