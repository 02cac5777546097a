// Reads tags of any spelling: prefix or suffix, with any mark between prefix and type, alone or several in a cell.
import { outside, splitTag, tagOfDialect, type TagParts } from './tagScheme.ts';

/** How the tags of a column are spelled: `B-Drug`, `B_Drug`, `Drug-B`. */
export interface TagDialect {
  readonly affix: 'prefix' | 'suffix';
  readonly mark: string;
}

/** The spelling that the lab writes. */
export const usualDialect: TagDialect = { affix: 'prefix', mark: '-' };

const marks = '-_:/.';
/** The marks, and what separates several tags in a cell. */
const telling = `${marks}|;,+`;

/** The spellings that are recognised, the usual one first. */
export const tagDialects: readonly TagDialect[] = (['prefix', 'suffix'] as const).flatMap((affix) =>
  Array.from(marks, (mark) => (affix === 'prefix' && mark === '-' ? usualDialect : { affix, mark })),
);

/** Letters that are prefixes of some scheme. */
const letters = 'BIESLUMW';

/** Returns the parts of a tag in one spelling, the prefix as written; null if it is no tag in that spelling. */
export function tagInDialect(text: string, { affix, mark }: TagDialect): TagParts | null {
  if (text === 'O') return outside;
  if (text.length === 1) return letters.includes(text) ? { prefix: text, type: '' } : null;
  if (affix === 'prefix') {
    if (text.charAt(1) !== mark || !letters.includes(text.charAt(0))) return null;
    return mark === '-' ? splitTag(text) : { prefix: text.charAt(0), type: text.slice(2) };
  }
  const last = text.length - 1;
  if (text.charAt(last - 1) !== mark || !letters.includes(text.charAt(last))) return null;
  return { prefix: text.charAt(last), type: text.slice(0, last - 1) };
}

/** What separates several tags in one cell. A slash does not: types such as `gene/protein` have it. */
const stackMarks = /[|;,+]/;
/** Annotation is nested a few layers deep. */
const mostStacked = 32;

/**
 * Returns the tags of a cell, without `O`, null if it holds anything else. Most cells have one or none; several, such as
 * `B-DNA|B-protein`, are nested annotation.
 */
export function tagsOfCell(text: string, dialect: TagDialect): readonly TagParts[] | null {
  if (text === 'O') return [];
  if (stackMarks.test(text)) {
    const parts = text.split(stackMarks, mostStacked + 1).map((part) => tagInDialect(part.trim(), dialect));
    if (
      parts.length > 1 &&
      parts.length <= mostStacked &&
      parts.every((part) => part !== null && (part === outside || part.type !== ''))
    ) {
      return parts.flatMap((part) => (part === null || part.prefix === 'O' ? [] : [part]));
    }
  }
  const tag = tagInDialect(text, dialect);
  return tag === null || tagOfDialect(tag) === null ? null : [tag];
}

/** Counts in which spellings the cells of a column are tags. */
export class DialectCounts {
  /** Cells that are tags in every spelling: `O` and bare prefixes. */
  private plain = 0;
  private readonly spelled = new Map<TagDialect, number>();

  add(text: string): void {
    if (text === 'O' || (text.length === 1 && letters.includes(text))) {
      this.plain++;
      return;
    }
    // Most cells are no tags: their second or last but one character shows it.
    if (!telling.includes(text.charAt(1)) && !telling.includes(text.charAt(text.length - 2))) return;
    for (const dialect of tagDialects) {
      if (tagsOfCell(text, dialect) !== null) this.spelled.set(dialect, (this.spelled.get(dialect) ?? 0) + 1);
    }
  }

  /** The spelling of most cells, and how many cells are tags in it. */
  get best(): { readonly dialect: TagDialect; readonly count: number } {
    let dialect = usualDialect;
    // Map keeps the order of first sight, so the order of spellings has to decide between equal counts.
    for (const other of tagDialects) {
      if ((this.spelled.get(other) ?? 0) > (this.spelled.get(dialect) ?? 0)) dialect = other;
    }
    return { dialect, count: this.plain + (this.spelled.get(dialect) ?? 0) };
  }
}
