// Reads WebAnno TSV 3, which INCEpTION also exports, as rows of tokens with a column of tags for each feature of each layer.
import { quoted, type IssueList } from '../corpus/issues.ts';
import type { FileRow } from './rowCells.ts';

export function isWebAnno(lines: readonly string[]): boolean {
  return /^#FORMAT=WebAnno TSV 3/i.test(lines[0] ?? '');
}

interface Feature {
  /** `NamedEntity.value`; the name of the layer alone if it has no features. */
  readonly name: string;
  /** The name of the layer, the type of annotation without a value. */
  readonly layer: string;
  /** 0-based column in the file. */
  readonly column: number;
}

/** One annotation of a token: its value, and the number that tokens of one span share. */
interface Label {
  readonly value: string;
  readonly span: string | null;
}

/** Layers of every token, which are not mentions. */
const grammar = /^(pos|lemma|stem|morphologicalfeatures|dependency|chunk|token|surfaceform|orthography|coref\w*)$/i;

/** Columns before the features: number, offsets, token. */
const leadingColumns = 3;

/**
 * Returns the tokens and, for each feature of a layer of spans, tags `B-…` and `I-…`, several of a cell joined by `|`. Layers of
 * relations, chains and grammar are left out, with an info. Annotation of a part of a token is that of the token, with a warning.
 */
export function webAnnoRows(
  lines: readonly string[],
  issues: IssueList,
): { readonly header: readonly string[]; readonly rows: readonly FileRow[] } {
  const features = featuresOf(lines, issues);
  const rows: FileRow[] = [];
  /** Spans that a token of the sentence began, by feature. */
  let open = features.map(() => new Set<string>());
  let parts = 0;
  let firstPart: number | null = null;
  /** The labels of the last token, to which parts of it add theirs. */
  let token: { readonly line: number; readonly text: string; readonly labels: Label[][] } | null = null;

  const renamed = new Set<string>();

  const endToken = () => {
    if (token === null) return;
    const { line, text, labels } = token;
    const tags = labels.map((own, index) => tagsOf(own, open[index] ?? new Set(), renamed));
    rows.push({ line, text, cells: [text, ...tags] });
    token = null;
  };
  lines.forEach((row, index) => {
    const line = index + 1;
    if (row.trim() === '') {
      endToken();
      rows.push({ line, text: row, cells: null });
      open = features.map(() => new Set());
      return;
    }
    if (row.startsWith('#')) return;
    const cells = row.split('\t');
    const labels = features.map(({ column, layer }) => labelsOf(cells[column] ?? '_', layer));
    if (/^\d+-\d+\.\d+$/.test(cells[0] ?? '')) {
      if (labels.some((own) => own.length > 0)) {
        parts++;
        firstPart ??= line;
      }
      token?.labels.forEach((own, feature) => own.push(...newLabels(own, labels[feature] ?? [])));
      return;
    }
    endToken();
    token = { line, text: unescaped(cells[2] ?? ''), labels };
  });
  endToken();

  if (parts > 0) {
    const message = `${parts} annotations are of parts of tokens (first here): they are read as annotations of the whole token.`;
    issues.add('warning', 'corpus/token-parts', firstPart, message);
  }
  if (renamed.size > 0) {
    const names = [...renamed].slice(0, 5).map(quoted).join(', ');
    issues.add('info', 'corpus/type-name', null, `Types have no | ; , or +: these become _ in ${names}.`);
  }
  return { header: ['token', ...features.map(({ name }) => name)], rows };
}

/** Returns the features of layers of spans, from the lines `#T_SP=layer|feature|feature`. */
function featuresOf(lines: readonly string[], issues: IssueList): readonly Feature[] {
  const features: Feature[] = [];
  const others: string[] = [];
  let column = leadingColumns;
  for (const line of lines) {
    const layer = /^#T_(SP|RL|CH)=(.*)$/.exec(line);
    if (layer === null) continue;
    const [path = '', ...written] = (layer[2] ?? '').split('|').map((part) => part.trim());
    const names = written.filter((name) => name !== '');
    const name = path.slice(path.lastIndexOf('.') + 1);
    const isRead = layer[1] === 'SP' && !grammar.test(name);
    if (!isRead) others.push(name);
    else if (names.length === 0) features.push({ name, layer: name, column });
    // A feature that links to other annotations has two columns, the second of which names the layer of these.
    else if (!names.some((feature) => feature.startsWith('ROLE_'))) {
      features.push(...names.map((feature, at) => ({ name: `${name}.${feature}`, layer: name, column: column + at })));
    } else {
      const plain = names.findIndex((feature) => feature.startsWith('ROLE_'));
      for (const [at, feature] of names.slice(0, plain).entries()) {
        features.push({ name: `${name}.${feature}`, layer: name, column: column + at });
      }
      others.push(`${name} (links)`);
    }
    column += Math.max(1, names.length);
  }
  if (others.length > 0) {
    const message = `Layers that are no mentions are left out: ${others.map(quoted).join(', ')}.`;
    issues.add('info', 'corpus/webanno-layers', null, message);
  }
  return withValues(features, lines);
}

/** Leaves out features that have no value anywhere, if another feature of their layer has one. */
function withValues(features: readonly Feature[], lines: readonly string[]): readonly Feature[] {
  const used = new Set<Feature>();
  for (const line of lines) {
    if (line === '' || line.startsWith('#')) continue;
    const cells = line.split('\t');
    for (const feature of features) {
      if (!/^([_*](\[\d+\])?\|?)*$/.test(cells[feature.column] ?? '_')) used.add(feature);
    }
  }
  return features.filter(
    (feature) => used.has(feature) || !features.some((other) => other.layer === feature.layer && used.has(other)),
  );
}

/** Reads `Disease[3]|Symptom`: stacked values, with the number of their span where it has several tokens. */
function labelsOf(cell: string, layer: string): Label[] {
  if (cell === '_' || cell === '') return [];
  return splitUnescaped(cell).flatMap((written) => {
    const [, value = written, span = null] = /^(.*?)(?<!\\)\[(\d+)\]$/s.exec(written) ?? [];
    if (value === '_') return [];
    return [{ value: value === '*' || value === '' ? layer : unescaped(value), span }];
  });
}

function splitUnescaped(cell: string): string[] {
  return cell.split(/(?<!\\)\|/);
}

function newLabels(existing: readonly Label[], added: readonly Label[]): Label[] {
  return added.filter(({ value, span }) => !existing.some((label) => label.value === value && label.span === span));
}

/** Spells the labels of a token as tags. A type must not have what separates tags; one that has goes to `renamed`. */
function tagsOf(labels: readonly Label[], open: Set<string>, renamed: Set<string>): string {
  const tags = labels.map(({ value, span }) => {
    const type = value.replace(/[|;,+]/g, '_');
    if (type !== value) renamed.add(value);
    if (span === null) return `B-${type}`;
    const key = `${span} ${type}`;
    const prefix = open.has(key) ? 'I' : 'B';
    open.add(key);
    return `${prefix}-${type}`;
  });
  return tags.length === 0 ? 'O' : tags.join('|');
}

function unescaped(text: string): string {
  return text.replace(/\\(->|[\s\S])/g, (_, character: string) => {
    if (character === 't' || character === 'n' || character === 'r') return ' ';
    return character;
  });
}
