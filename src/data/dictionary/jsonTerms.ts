// Reads terms in JSON: a list of entries, patterns of spaCy's EntityRuler, or an object of terms by id.
import type { Work } from '../../util/work.ts';
import { quoted, type IssueList } from '../corpus/issues.ts';
import { isJsonRecord, isTexts, listOf, readJsonItems, spelled, type JsonRecord } from '../formats/jsonItems.ts';
import { EntryCollector, type DictionaryEntry, type DictionarySynonym, type SynonymScope } from './dictionary.ts';

interface JsonReading {
  readonly entries: readonly DictionaryEntry[];
  readonly understood: string;
}

const ID_KEYS = ['id', '_id', 'identifier', 'concept_id', 'curie', 'cui', 'ent_id'];
const NAME_KEYS = ['name', 'term', 'preferred_name', 'preferred_label', 'canonical_name', 'label', 'symbol'];
const SYNONYM_KEYS = ['synonyms', 'aliases', 'terms', 'names', 'alternative_names'];
const TYPE_KEYS = ['type', 'types', 'entity_type', 'semantic_type', 'category'];
const SYNONYM_TEXT_KEYS = ['text', 'name', 'val', 'value', 'label', 'term'];

const FORMS = {
  entry: 'entries with id, name, synonyms and type',
  pattern: 'patterns of spaCy with label, pattern and id',
  map: 'an object of terms by id',
} as const;
type Form = keyof typeof FORMS;

const ITEMS_A_STEP = 2000;

/** Reads a file of JSON or JSON lines. What cannot be read is listed, in JSON lines with its line, otherwise with its number. */
export function* readJsonTerms(bytes: Uint8Array, issues: IssueList): Work<JsonReading> {
  yield { phase: 'reading JSON', done: 0, of: 0 };
  const items = readJsonItems(bytes, issues);
  const collector = new EntryCollector();
  const forms = new Map<Form, number>();
  for (const [index, { value, line }] of items.entries()) {
    if (index % ITEMS_A_STEP === 0) yield { phase: 'reading terms', done: index, of: items.length };
    const read = entriesOf(value);
    if (typeof read === 'string') {
      const where = line === null ? `item ${index + 1}` : 'the item';
      issues.add('error', 'dictionary/item', line, `Expected ${read}, got ${quoted(JSON.stringify(value) ?? '')}: ${where} is left out.`); // prettier-ignore
      continue;
    }
    forms.set(read.form, (forms.get(read.form) ?? 0) + 1);
    for (const entry of read.entries) collector.add(entry);
    for (const id of read.faulty) {
      issues.add('error', 'dictionary/item', line, `Expected terms of ${quoted(id)} as a text or a list of texts: they are left out.`); // prettier-ignore
    }
  }
  yield { phase: 'reading terms', done: items.length, of: items.length };
  const named = [...forms].map(([form, count]) => (forms.size === 1 ? FORMS[form] : `${count} ${FORMS[form]}`));
  return { entries: collector.entries(), understood: named.join(', ') };
}

/** Returns the entries of an item, or what was expected in its place. */
function entriesOf(
  value: unknown,
): { readonly form: Form; readonly entries: readonly DictionaryEntry[]; readonly faulty: readonly string[] } | string {
  if (!isJsonRecord(value)) return 'an object';
  if (value.pattern !== undefined) {
    const entry = patternEntry(value);
    return typeof entry === 'string' ? entry : { form: 'pattern', entries: [entry], faulty: [] };
  }
  const id = first(value, ID_KEYS);
  const name = first(value, NAME_KEYS);
  if (id !== null || name !== null) {
    const synonyms = synonymsIn(value);
    const term = name ?? synonyms[0]?.text ?? null;
    if (term === null) return 'a name, such as {"id": "D000544", "name": "Alzheimer disease"}';
    const rest = name === null ? synonyms.slice(1) : synonyms;
    return { form: 'entry', entries: [entryOf(id ?? term, term, typeIn(value), rest, value)], faulty: [] };
  }
  return mapEntries(value);
}

function mapEntries(value: JsonRecord): ReturnType<typeof entriesOf> {
  const entries: DictionaryEntry[] = [];
  const faulty: string[] = [];
  for (const [id, terms] of Object.entries(value)) {
    const [name, ...others] = typeof terms === 'string' ? [terms] : isTexts(terms) ? terms : [];
    if (name !== undefined && name.trim() !== '') {
      entries.push(entryOf(id, name, null, others.map((text) => ({ text, scope: null })), {})); // prettier-ignore
    } else if (isJsonRecord(terms) && first(terms, NAME_KEYS) !== null) {
      entries.push(entryOf(id, first(terms, NAME_KEYS) ?? id, typeIn(terms), synonymsIn(terms), terms));
    } else faulty.push(id);
  }
  if (entries.length === 0) return 'an object with id and name, with label and pattern, or with terms by id';
  return { form: 'map', entries, faulty };
}

/** A pattern is a text, or tokens of which each is given by its text: what asks for other attributes is no term. */
function patternEntry(value: JsonRecord): DictionaryEntry | string {
  const { pattern } = value;
  const tokens = listOf(pattern).map((token) => {
    const keys = isJsonRecord(token) ? Object.keys(token) : [];
    const [key] = keys;
    return isJsonRecord(token) && keys.length === 1 && /^(LOWER|TEXT|ORTH|lower|text|orth)$/.test(key ?? '')
      ? spelled(token[key ?? ''])
      : null;
  });
  const text = typeof pattern === 'string' ? pattern.trim() : tokens.includes(null) ? '' : tokens.join(' ');
  if (text === '') return 'a pattern that is a text, or tokens with LOWER, TEXT or ORTH alone';
  return entryOf(first(value, ID_KEYS) ?? text, text, spelled(value.label), [], {});
}

function entryOf(
  id: string,
  name: string,
  type: string | null,
  synonyms: readonly DictionarySynonym[],
  value: JsonRecord,
): DictionaryEntry {
  const [altIds, xrefs] = [listOf(value.alt_ids ?? value.altIds), listOf(value.xrefs)].map((list) => list.flatMap((one) => spelled(one) ?? [])); // prettier-ignore
  return {
    id,
    name: name.trim(),
    type,
    synonyms: synonyms.filter(({ text }) => text.trim() !== ''),
    ...(altIds !== undefined && altIds.length > 0 && { altIds }),
    ...(xrefs !== undefined && xrefs.length > 0 && { xrefs }),
  };
}

function typeIn(value: JsonRecord): string | null {
  return first(value, TYPE_KEYS) ?? (spelled(value.name) !== null ? spelled(value.label) : null);
}

function synonymsIn(value: JsonRecord): readonly DictionarySynonym[] {
  const key = SYNONYM_KEYS.find((one) => value[one] !== undefined);
  const list = key === undefined ? [] : value[key];
  if (typeof list === 'string') return list.split('|').map((text) => ({ text: text.trim(), scope: null }));
  return listOf(list).flatMap((one): DictionarySynonym[] => {
    if (typeof one === 'string') return [{ text: one.trim(), scope: null }];
    if (!isJsonRecord(one)) return [];
    const text = first(one, SYNONYM_TEXT_KEYS);
    const scope = typeof one.scope === 'string' ? one.scope.toUpperCase() : null;
    return text === null ? [] : [{ text, scope: (['EXACT', 'NARROW', 'BROAD', 'RELATED'] as const).find((known): known is SynonymScope => known === scope) ?? null }]; // prettier-ignore
  });
}

/** The first of these keys with a text or number, or with a list that begins with one. */
function first(value: JsonRecord, keys: readonly string[]): string | null {
  for (const key of keys) {
    const found = spelled(Array.isArray(value[key]) ? listOf(value[key])[0] : value[key]);
    if (found !== null) return found;
  }
  return null;
}
