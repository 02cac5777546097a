// Reads the terms of an OBO file: id, name, synonyms with their scope, alternative ids and cross references of each stanza that is not obsolete.
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { Work } from '../../util/work.ts';
import { EntryCollector, type DictionaryEntry, type DictionarySynonym, type SynonymScope } from './dictionary.ts';

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
