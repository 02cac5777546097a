// Splits cells that hold a whole sentence, its words or its tags, with spaces, commas or other marks between, or in brackets.
import { tagDialects, tagInDialect } from '../corpus/tagDialect.ts';
import { tagOfDialect } from '../corpus/tagScheme.ts';

/** What is between the items of a cell; `brackets`: a list as Python writes it. */
export type ListStyle = 'brackets' | 'comma' | 'bar' | 'semicolon' | 'slash' | 'space';

/** In this order, because tags with a comma and a space between are tags at spaces, too, with a comma at the end of each type. */
const listStyles: readonly ListStyle[] = ['brackets', 'comma', 'bar', 'semicolon', 'slash', 'space'];

const separators: Readonly<Record<Exclude<ListStyle, 'brackets'>, string | RegExp>> = {
  comma: ',',
  bar: '|',
  semicolon: ';',
  slash: '/',
  space: /\s+/,
};

const brackets = /^\[.*\]$/s;
/** An item in quotes, within which quotes have a backslash, or one without quotes. What is not closed ends the cell, so that time is linear. */
const bracketed = /'((?:[^'\\]|\\.?)*)(?:'|$)|"((?:[^"\\]|\\.?)*)(?:"|$)|([^\s,'"]+)/gs;

/** Returns the items of a cell; none if it is empty, or not in brackets where they are expected. */
export function listItems(written: string, style: ListStyle): string[] {
  const cell = written.trim();
  if (cell === '') return [];
  if (style !== 'brackets') return cell.split(separators[style]).map((item) => item.trim());
  if (!brackets.test(cell)) return [];
  return Array.from(cell.slice(1, -1).matchAll(bracketed), ([, single, double, bare]) =>
    (bare ?? (single ?? double ?? '').replace(/\\(.)/gs, '$1')).trim(),
  );
}

/** Returns what is between the tags of a cell that holds several and nothing else; null for any other cell. */
export function tagListStyle(written: string): ListStyle | null {
  const cell = written.trim();
  // Most cells are no lists: their first word shows it.
  const first = /^\[?\s*['"]?([^\s,|;/'"\]]+)['"]?./s.exec(cell)?.[1];
  if (first === undefined || first.length === cell.length || !isTag(first)) return null;
  const style = listStyles.find((one) => {
    const items = listItems(cell, one);
    return items.length > 1 && items.every(isTag);
  });
  return style ?? null;
}

function isTag(text: string): boolean {
  if (text === 'O') return true;
  return tagDialects.some((dialect) => {
    const tag = tagInDialect(text, dialect);
    return tag !== null && tagOfDialect(tag) !== null;
  });
}

/** How many cells hold several tags, in how many of these one is `O`, and what is between the tags of most. */
export function countTagLists(cells: readonly string[]) {
  const styles = new Map<ListStyle, number>();
  let [lists, withOutside] = [0, 0];
  for (const cell of cells) {
    const style = tagListStyle(cell);
    if (style === null) continue;
    lists++;
    styles.set(style, (styles.get(style) ?? 0) + 1);
    if (listItems(cell, style).includes('O')) withOutside++;
  }
  const [usual] = [...styles].sort((left, right) => right[1] - left[1]);
  return { lists, withOutside, style: usual?.[0] ?? null };
}

/** Whether half of the cells or more hold several tags, and one of them `O`: the tags of sentences, not nested ones. */
export function holdTagLists(cells: readonly string[]): boolean {
  const { lists, withOutside } = countTagLists(cells);
  return withOutside > 0 && 2 * lists >= cells.length;
}
