// Reads a dictionary from the bytes of a file, step by step: OBO, JSON, or a table of terms.
import { finishWork, type Work } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import { IssueList, quoted } from '../corpus/issues.ts';
import { isJsonRecord, isTexts, listOf, readJsonItems, spelled, type JsonRecord } from '../formats/documentReading.ts';
import { pathWithoutGzip, unpackGzip } from '../import/archive.ts';
import { isGzip } from '../import/detectFormat.ts';
import { decodeText, encodingFault } from '../rows/decodeText.ts';
import {
  countTerms,
  EntryCollector,
  type DictionaryEntry,
  type DictionaryReading,
  type DictionarySynonym,
  type SynonymScope,
} from './dictionary.ts';
import { readTable } from './tableTerms.ts';

/** What a tab can hold; the largest public vocabularies of one type are below it. */
export const dictionaryBounds = { bytes: 256 * 2 ** 20, terms: 3_000_000 } as const;

/** Characters that say which form a file has. */
const HEAD = 4096;

/**
 * Reads a file of OBO, TSV, CSV, JSON or JSON lines, packed with gzip or not; rows and items that cannot be read are issues with their line. Throws LabError
 * `dictionary/too-large`, `dictionary/encoding`, and `dictionary/empty` for a file without a term.
 */
export function* readDictionary(file: NamedFile): Work<DictionaryReading> {
  const { path, bytes } = unpacked(file);
  const issues = new IssueList(path);
  const unfit = encodingFault(bytes);
  if (unfit !== null)
    throw new LabError('dictionary/encoding', unfit.message, { expected: 'text in UTF-8', got: path });
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD)).replace(/^\ufeff/, '');
  const reading = yield* readForm(path, head, bytes, issues);
  if (reading.entries.length === 0) {
    const [first] = issues.listed;
    const said =
      first === undefined
        ? 'none'
        : `${first.line === null ? '' : `line ${first.line}: `}${first.message.replace(/\.$/, '')}`;
    throw new LabError('dictionary/empty', `${path} has no term that can be read.`, {
      expected: 'OBO, a table of ids and terms, or JSON of entries',
      got: reading.obsolete > 0 ? `${reading.obsolete} obsolete terms` : said,
    });
  }
  const terms = countTerms(reading.entries);
  if (terms > dictionaryBounds.terms) {
    throw new LabError('dictionary/too-large', `${path} has too many terms: take a part of it.`, {
      expected: `at most ${dictionaryBounds.terms.toLocaleString('en')}`,
      got: terms.toLocaleString('en'),
    });
  }
  return { ...reading, issues };
}

/** Reads a file at once. Throws as `readDictionary` does. */
export function dictionaryOf(file: NamedFile): DictionaryReading {
  return finishWork(readDictionary(file));
}

function* readForm(
  path: string,
  head: string,
  bytes: Uint8Array,
  issues: IssueList,
): Work<Omit<DictionaryReading, 'issues'>> {
  if (/\.(json|jsonl|ndjson)$/i.test(path) || (/^\s*[{[]/.test(head) && !looksLikeObo(head))) {
    return { format: 'JSON', obsolete: 0, ...(yield* readJsonTerms(bytes, issues)) };
  }
  const { lines, faults } = decodeText(bytes);
  for (const [line, fault] of faults) {
    issues.add('error', 'dictionary/line', line, fault === 'too-long' ? 'The line is too long to be a term: it is left out.' : 'Not UTF-8: the line is left out.'); // prettier-ignore
  }
  if (/\.obo$/i.test(path) || looksLikeObo(head)) {
    return { format: 'OBO', understood: 'stanzas of OBO', ...(yield* readObo(lines, issues)) };
  }
  const isCsv = !head.includes('\t') && (/\.csv$/i.test(path) || /[,;]/.test(head.split('\n', 1)[0] ?? ''));
  const isTable = isCsv && !/\.(tsv|txt)$/i.test(path);
  return { format: isTable ? 'CSV' : 'TSV', obsolete: 0, ...(yield* readTable(lines, isTable, issues)) };
}

/** Throws LabError `dictionary/too-large`, or `dictionary/packed` for a damaged archive. */
function unpacked(file: NamedFile): NamedFile {
  if (!isGzip(file.bytes)) return withinBounds(file);
  const content = unpackGzip(file, dictionaryBounds.bytes);
  if (typeof content === 'string') {
    throw new LabError('dictionary/packed', `${file.path} cannot be unpacked.`, { expected: content });
  }
  return withinBounds({ path: pathWithoutGzip(file.path), bytes: content.bytes });
}

function withinBounds(file: NamedFile): NamedFile {
  const { length } = file.bytes;
  if (length <= dictionaryBounds.bytes) return file;
  throw new LabError('dictionary/too-large', `${file.path} is too large to be read: take a part of it.`, {
    expected: `at most ${dictionaryBounds.bytes / 2 ** 20} MiB`,
    got: `${Math.ceil(length / 2 ** 20)} MiB`,
  });
}

// Reads terms in JSON: a list of entries, patterns of spaCy's EntityRuler, or an object of terms by id.

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

// Reads the terms of an OBO file: id, name, synonyms with their scope, alternative ids and cross references of each stanza that is not obsolete.

/** A stanza being read. */
interface OpenTerm {
  readonly line: number;
  id: string;
  name: string;
  namespace: string | null;
  isObsolete: boolean;
  readonly synonyms: DictionarySynonym[];
  readonly altIds: string[];
  readonly xrefs: string[];
}

interface OboReading {
  readonly entries: readonly DictionaryEntry[];
  readonly obsolete: number;
}

const SCOPES: readonly SynonymScope[] = ['EXACT', 'NARROW', 'BROAD', 'RELATED'];
const LINES_A_STEP = 5000;

/** Whether a text begins as OBO does. */
export function looksLikeObo(text: string): boolean {
  return /^\s*format-version:\s/m.test(text) || /^\[Term\]\s*$/m.test(text);
}

/**
 * Reads the lines of a file; what cannot be read is listed with its line. The type of a term is its namespace, or the file's. Stanzas other than
 * terms are passed over. The format is that of the OBO Flat File Format 1.4.
 */
export function* readObo(lines: readonly string[], issues: IssueList): Work<OboReading> {
  const collector = new EntryCollector();
  let obsolete = 0;
  let inHeader = true;
  let defaultNamespace: string | null = null;
  let open: OpenTerm | null = null;
  const finish = (): void => {
    if (open === null) return;
    const { line, id, name, namespace, isObsolete, synonyms, altIds, xrefs } = open;
    open = null;
    if (isObsolete) {
      obsolete++;
    } else if (id === '' || name === '') {
      const missing = id === '' ? 'id' : 'name';
      issues.add('error', 'dictionary/stanza', line, `The stanza has no ${missing}: expected a line "${missing}: …". It is left out.`); // prettier-ignore
    } else {
      const more = { ...(altIds.length > 0 && { altIds }), ...(xrefs.length > 0 && { xrefs }) };
      collector.add({ id, name, type: namespace ?? defaultNamespace, synonyms, ...more });
    }
  };
  for (const [index, row] of lines.entries()) {
    if (index % LINES_A_STEP === 0) yield { phase: 'reading terms', done: index, of: lines.length };
    const line = index + 1;
    const text = row.trim();
    if (text === '' || text.startsWith('!')) continue;
    if (text.startsWith('[')) {
      finish();
      inHeader = false;
      if (/^\[Term\]/.test(text)) {
        open = { line, id: '', name: '', namespace: null, isObsolete: false, synonyms: [], altIds: [], xrefs: [] };
      }
      continue;
    }
    const [, tag = '', value = ''] = /^([A-Za-z_-]+):\s*(.*)$/.exec(text) ?? [];
    if (inHeader) {
      if (tag === 'default-namespace') defaultNamespace = unescaped(bare(value));
      continue;
    }
    if (open === null) continue;
    if (tag === '') {
      issues.add('warning', 'dictionary/row', line, `Expected a tag, a colon and a value, got ${quoted(text)}: the line is passed over.`); // prettier-ignore
      continue;
    }
    readTag(open, tag, value, line, issues);
  }
  finish();
  yield { phase: 'reading terms', done: lines.length, of: lines.length };
  return { entries: collector.entries(), obsolete };
}

function readTag(open: OpenTerm, tag: string, value: string, line: number, issues: IssueList): void {
  switch (tag) {
    case 'id':
      open.id = unescaped(bare(value));
      break;
    case 'name':
      open.name = unescaped(value.trim());
      break;
    case 'namespace':
      open.namespace = unescaped(bare(value));
      break;
    case 'alt_id':
      open.altIds.push(unescaped(bare(value)));
      break;
    case 'xref':
      open.xrefs.push(unescaped(bare(value).replace(/\s+".*$/, '')));
      break;
    case 'is_obsolete':
      open.isObsolete = bare(value) === 'true';
      break;
    case 'synonym': {
      const [, text, scope] = /^"((?:[^"\\]|\\.)*)"\s*([A-Z]+)?/.exec(value) ?? [];
      if (text === undefined || text.trim() === '') {
        issues.add('warning', 'dictionary/synonym', line, `Expected a synonym in quotation marks and its scope, got ${quoted(value)}: it is left out.`); // prettier-ignore
      } else {
        // Without a scope, OBO says, it is related.
        open.synonyms.push({ text: unescaped(text), scope: SCOPES.find((one) => one === scope) ?? 'RELATED' });
      }
      break;
    }
  }
}

/** Removes trailing modifiers and the comment that names an id for people. */
function bare(value: string): string {
  return value
    .replace(/(?<!\\)\s+!\s.*$/, '')
    .replace(/\s*\{[^{}]*\}\s*$/, '')
    .trim();
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' || sign === 'W' || sign === 't' ? ' ' : sign));
}
