// Draws corpora of texts with spans in the forms that people write them in: formats, keys, countings, line ends, and some damage.
import type { Sentence, Split } from '../src/data/corpus/corpus.ts';
import type { NamedFile } from '../src/util/namedFile.ts';
import type { Rng } from '../src/util/random.ts';
import type { InputSource } from './silentLosses.ts';

const words = ['moss', 'heron', 'zinc', 'ions', 'bind', 'fen', 'αgalactin', 'Blätter', 'of', 'severe', 'pain', 'causes', 'was', 'found', 'gene']; // prettier-ignore
/** Written before a text, where they count differently in bytes, code points and UTF-16. */
const openings = ['', '', '', '🐦 ', '𝛃 ', 'é '];
const types = ['Disease', 'Drug', 'cell_type', 'Multi-tissue_structure', 'Adverse Event'];
const splits: readonly Split[] = ['train', 'devel', 'test'];

const pick = <Item>(rng: Rng, items: readonly Item[]): Item => items[rng.integer(items.length)] as Item;
const chance = (rng: Rng, share: number): boolean => rng.uniform() < share;

/** A text of one sentence: its tokens, joined by spaces, and mentions as spans of UTF-16 units. */
interface DrawnText {
  readonly id: string;
  readonly text: string;
  readonly sentence: Sentence;
  readonly spans: readonly DrawnSpan[];
}

interface DrawnSpan {
  readonly start: number;
  readonly end: number;
  readonly type: string;
  readonly text: string;
}

/** Distinct words: a mention beside one of the same text is at its offsets under two countings. */
function drawWords(rng: Rng): readonly string[] {
  const start = rng.integer(words.length);
  const step = pick(rng, [1, 2, 4, 7]);
  return Array.from({ length: 4 + rng.integer(8) }, (_, index) => words[(start + step * index) % words.length] ?? '');
}

function drawText(rng: Rng, id: string): DrawnText {
  const opening = pick(rng, openings).trim();
  const tokens = [...(opening === '' ? [] : [opening]), ...drawWords(rng), '.'];
  const text = tokens.join(' ');
  const starts = tokens.map((_, index) => tokens.slice(0, index).reduce((sum, token) => sum + token.length + 1, 0));
  const mentions = [];
  for (let at = opening === '' ? 0 : 1; at < tokens.length - 1;) {
    const end = Math.min(tokens.length - 1, at + 1 + rng.integer(2));
    if (mentions.length === 0 || chance(rng, 0.4)) mentions.push({ type: pick(rng, types), start: at, end });
    at = end + rng.integer(2);
  }
  const spans = mentions.map(({ type, start, end }) => {
    const from = starts[start] ?? 0;
    const to = (starts[end - 1] ?? 0) + (tokens[end - 1]?.length ?? 0);
    return { type, start: from, end: to, text: text.slice(from, to) };
  });
  return { id, text, sentence: { tokens, mentions }, spans };
}

/** How offsets count: what stands before a UTF-16 position, in another unit. */
const countings: Readonly<Record<string, (text: string, position: number) => number>> = {
  'UTF-16': (_text, position) => position,
  'code points': (text, position) => [...text.slice(0, position)].length,
  bytes: (text, position) => new TextEncoder().encode(text.slice(0, position)).length,
};

/** Damages the spans of one text in one way; null leaves them. */
const damages: Readonly<Record<string, (spans: readonly DrawnSpan[], text: string) => readonly DrawnSpan[]>> = {
  'a span moved by one': ([first, ...others]) => (first ? [{ ...first, start: first.start + 1, end: first.end + 1 }, ...others] : []), // prettier-ignore
  'a span beyond the end': ([first, ...others], text) => (first ? [{ ...first, end: text.length + 9 }, ...others] : []),
  'an empty span': ([first, ...others]) => (first ? [{ ...first, end: first.start }, ...others] : []),
  'a span turned round': ([first, ...others]) => (first ? [{ ...first, start: first.end, end: first.start }, ...others] : []), // prettier-ignore
};

interface Written {
  readonly name: string;
  readonly bytes: string;
}

type WriteForm = (texts: readonly DrawnText[], rng: Rng) => readonly Written[];

/** The keys that JSON forms write their members under: text, mentions, start, end, type, and the mention's text if any. */
const spellings: readonly (readonly string[])[] = [
  ['text', 'entities', 'start', 'end', 'label'],
  ['text', 'label', 'start_offset', 'end_offset', 'label'],
  ['text', 'spans', 'start', 'end', 'label', 'text'],
  ['content', 'annotations', 'begin', 'end', 'type'],
  ['sentence', 'mentions', 'start', 'end', 'entity_type', 'mention'],
  ['text', 'entities', 'start_char', 'end_char', 'type'],
];
/** Names that no reader knows, in place of a known one. */
const unknownKeys = ['Entitaeten', 'marked_up', 'hits', 'x1'];

function jsonItems(texts: readonly DrawnText[], rng: Rng, unknown: string | null): readonly unknown[] {
  const spelling = pick(rng, spellings);
  const [textKey = '', listKey = '', startKey = '', endKey = '', typeKey = '', mentionKey] = spelling;
  const isPairs = chance(rng, 0.3);
  return texts.map(({ id, text, spans }) => ({
    id,
    [textKey]: text,
    [unknown ?? listKey]: spans.map(({ start, end, type, text: own }) =>
      isPairs
        ? [start, end, type]
        : {
            [startKey]: start,
            [endKey]: end,
            [typeKey]: type,
            ...(mentionKey === undefined ? {} : { [mentionKey]: own }),
          },
    ),
  }));
}

const jsonForm =
  (unknown: (rng: Rng) => string | null): WriteForm =>
  (texts, rng) => {
    const items = jsonItems(texts, rng, unknown(rng));
    if (chance(rng, 0.4)) return [{ name: '.json', bytes: JSON.stringify(items) }];
    return [{ name: '.jsonl', bytes: items.map((item) => `${JSON.stringify(item)}\n`).join('') }];
  };

const forms: Readonly<Record<string, WriteForm>> = {
  JSON: jsonForm(() => null),
  'JSON under an unknown key': jsonForm((rng) => pick(rng, unknownKeys)),
  spaCy: (texts) => [
    {
      name: '.json',
      bytes: JSON.stringify(texts.map(({ text, spans }) => [text, { entities: spans.map(({ start, end, type }) => [start, end, type]) }])), // prettier-ignore
    },
  ],
  PubTator: (texts) => [
    {
      name: '.pubtator',
      bytes: texts
        .map(({ id, text, spans }) => {
          const rows = spans.map(({ start, end, type, text: own }) => `${id}\t${start}\t${end}\t${own}\t${type}\tD1\n`);
          return `${id}|t|${text}\n${id}|a|\n${rows.join('')}\n`;
        })
        .join(''),
    },
  ],
  BRAT: (texts) =>
    texts.flatMap(({ id, text, spans }) => [
      { name: `/${id}.txt`, bytes: text },
      {
        name: `/${id}.ann`,
        bytes: spans.map(({ start, end, type, text: own }, index) => `T${index + 1}\t${type.replaceAll(' ', '_')} ${start} ${end}\t${own}\n`).join(''), // prettier-ignore
      },
    ]),
};

/** What is done to the bytes of a whole file. Only formats of lines take another line end. */
const wraps: Readonly<Record<string, (text: string, isOfLines: boolean) => string>> = {
  'no change': (text) => text,
  'CRLF ends': (text, isOfLines) => (isOfLines ? text.replaceAll('\n', '\r\n') : text),
  'CR ends': (text, isOfLines) => (isOfLines ? text.replaceAll('\n', '\r') : text),
  'a byte order mark': (text) => `\ufeff${text}`,
  'no line end at the end': (text) => text.replace(/\n+$/, ''),
};

export const spanForms: InputSource = {
  name: 'spans',
  draw(rng) {
    const form = pick(rng, Object.keys(forms));
    const counting = pick(rng, Object.keys(countings));
    const wrap = pick(rng, Object.keys(wraps));
    const damage = chance(rng, 0.3) ? pick(rng, Object.keys(damages)) : null;
    const texts = Object.fromEntries(
      splits.map((split, at) => [split, Array.from({ length: 1 + rng.integer(4) }, (_, index) => drawText(rng, `${at + 1}${index}`))]), // prettier-ignore
    ) as unknown as Readonly<Record<Split, readonly DrawnText[]>>;
    const write = forms[form] ?? (() => []);
    const files = splits.flatMap((split): NamedFile[] => {
      const counted = texts[split].map((drawn, index) => {
        const harm = damage !== null && index === 0 ? damages[damage] : undefined;
        const spans = harm?.(drawn.spans, drawn.text) ?? drawn.spans;
        const count = countings[counting] ?? ((_text: string, position: number) => position);
        const written = spans.map((span) => ({
          ...span,
          start: count(drawn.text, span.start),
          end: span.end > drawn.text.length ? span.end : count(drawn.text, span.end),
        }));
        return { ...drawn, spans: written };
      });
      return write(counted, rng).map(({ name, bytes }) => {
        const isOfLines = form !== 'BRAT' || name.endsWith('.ann');
        return {
          path: `fen/${split}${name}`,
          bytes: new TextEncoder().encode(wraps[wrap]?.(bytes, isOfLines) ?? bytes),
        };
      });
    });
    const sentences = Object.fromEntries(splits.map((split) => [split, texts[split].map(({ sentence }) => sentence)]));
    return {
      files,
      sentences: sentences as unknown as Readonly<Record<Split, readonly Sentence[]>>,
      changes: [form, counting, wrap, damage ?? 'no damage'],
    };
  },
};
