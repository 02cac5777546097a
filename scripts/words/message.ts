// Defines a message, and reads translations of it: texts with numbered places for expressions and elements.

/** From the first character to the one after the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What a number in a message refers to in the source. */
export type Place =
  | { readonly kind: 'expression'; readonly span: Span }
  /** An element that is placed whole: its content has no fixed text, or is a message by itself. */
  | { readonly kind: 'whole'; readonly span: Span }
  /** An element around a part of the sentence. */
  | { readonly kind: 'around'; readonly opening: Span; readonly closing: Span };

/** `nouns`: a noun for one and for several, `run | runs`, as the arguments after a number. */
export type MessageKind = 'children' | 'attribute' | 'string' | 'template' | 'nouns';

export interface Message {
  readonly kind: MessageKind;
  /** With `{0}` for an expression, `<0/>` for an element placed whole, `<0>…</0>` for one around words. */
  readonly text: string;
  /** White space around the text in the source, which is no part of the message. */
  readonly before: string;
  readonly after: string;
  /** What a translation replaces. */
  readonly span: Span;
  readonly places: readonly Place[];
}

export type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression' | 'whole' | 'open' | 'close'; readonly index: number };

const marks = /\{(?<expression>\d+)\}|<(?<whole>\d+)\/>|<(?<open>\d+)>|<\/(?<close>\d+)>/g;
const betweenNouns = ' | ';

/** Splits a message or a translation at its places. */
export function partsOf(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(marks)) {
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) });
    for (const kind of ['expression', 'whole', 'open', 'close'] as const) {
      const index = match.groups?.[kind];
      if (index !== undefined) parts.push({ kind, index: Number(index) });
    }
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

/** Splits the message of a noun into its two forms. */
export function nounsOf(text: string): readonly string[] {
  return text.split(betweenNouns);
}

export function nounMessage(one: string, many: string): string {
  return `${one}${betweenNouns}${many}`;
}

/**
 * Compares the places of a translation with those of its message. Returns null if each occurs once and elements are closed in the order
 * in which they were opened; otherwise a sentence that says what was expected and what was found.
 */
export function placeFault(message: string, translation: string, kind: MessageKind): string | null {
  if (kind === 'nouns') {
    const forms = nounsOf(translation);
    if (forms.length === 2 && forms.every((form) => form.trim() !== '')) return null;
    return `expected a noun for one and for several, as in “${message}”, found “${translation}”`;
  }
  const expected = placesText(message);
  const found = placesText(translation);
  if (expected !== found) return `expected the places ${expected}, found ${found}`;
  return isNested(translation) ? null : `expected every <0> to be closed by its </0>, found “${translation}”`;
}

function placesText(text: string): string {
  return (text.match(marks) ?? []).toSorted().join(' ') || 'none';
}

function isNested(text: string): boolean {
  const open: number[] = [];
  for (const part of partsOf(text)) {
    if (part.kind === 'open') open.push(part.index);
    if (part.kind === 'close' && open.pop() !== part.index) return false;
  }
  return open.length === 0;
}
