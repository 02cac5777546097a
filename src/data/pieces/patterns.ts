// Compiles the patterns of a tokenizer.json, only those that a search ends soon whatever the text.
import { LabError } from '../../util/labError.ts';

/** Longer texts are not searched: the slowest patterns allowed take time by the square of a text's length. */
const LONGEST_TEXT = 20_000;
const LONGEST_PATTERN = 400;
/** Ways to match the optional parts of one branch of a pattern. */
const MOST_WAYS = 64;
/** Repeats bounded by more than this count as unbounded. */
const SMALL_REPEAT = 16;

/** What is known of a part of a pattern; the parts of a branch are added up. */
interface PartCost {
  /** Whether it can match nothing. */
  readonly isNullable: boolean;
  /** Whether it can fail, which makes a search try other lengths of the repeats before it. */
  readonly canFail: boolean;
  /** Unbounded repeats that something follows which can fail. */
  readonly openRepeats: number;
  /** Unbounded repeats that nothing of the kind follows yet. */
  readonly lastRepeats: number;
  readonly ways: number;
}

const nothing: PartCost = { isNullable: true, canFail: false, openRepeats: 0, lastRepeats: 0, ways: 1 };
const oneCharacter: PartCost = { ...nothing, isNullable: false, canFail: true };
const assertion: PartCost = { ...nothing, canFail: true };

/** Finds the matches of a pattern in a text: start and end of each, in order and apart. */
export type MatchFinder = (text: string) => readonly (readonly [start: number, end: number])[];

/**
 * Reads `{"String": …}` or `{"Regex": …}`. Of regular expressions in Oniguruma's form, the lab knows characters, classes,
 * alternatives, repeats and simple assertions. Refused is what may take a search longer than the square of the text's length:
 * repeated groups, and two unbounded repeats in a row of which the last can fail. Throws LabError `tokenizer/format`.
 */
export function matchFinder(pattern: { readonly String: string } | { readonly Regex: string }): MatchFinder {
  if ('String' in pattern) return literalFinder(pattern.String);
  const source = pattern.Regex;
  const { translated, cost } = new PatternReader(source).read();
  if (cost.isNullable) throw unusable(source, 'patterns that match at least one character');
  const expression = compiled(source, translated);
  return (text) => {
    if (text.length > LONGEST_TEXT) {
      throw new LabError('tokenizer/long-text', 'A token or sentence is too long for a pattern of tokenizer.json.', {
        expected: `at most ${LONGEST_TEXT} characters for ${source}`,
        got: `${text.length} characters`,
      });
    }
    return [...text.matchAll(expression)].map((match) => [match.index, match.index + match[0].length] as const);
  };
}

function literalFinder(literal: string): MatchFinder {
  if (literal === '') throw unusable(literal, 'patterns that match at least one character');
  return (text) => {
    const found: [number, number][] = [];
    for (let start = text.indexOf(literal); start >= 0; start = text.indexOf(literal, start + literal.length)) {
      found.push([start, start + literal.length]);
    }
    return found;
  };
}

function compiled(source: string, translated: string): RegExp {
  try {
    return new RegExp(translated, 'gu');
  } catch {
    throw unusable(source, 'a regular expression');
  }
}

function unusable(source: string, expected: string): LabError {
  return new LabError(
    'tokenizer/format',
    'tokenizer.json cannot be used: a pattern in it might never come to an end, or is not known here.',
    { expected, got: source.slice(0, 200) || 'an empty pattern' },
  );
}

/** Oniguruma's word characters within a class; outside of one there are some numbers more. */
const wordContent = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}';

const classEscapes: Readonly<Record<string, string>> = {
  s: '\\p{White_Space}',
  S: '\\P{White_Space}',
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  n: '\\n',
  r: '\\r',
  t: '\\t',
  f: '\\f',
  v: '\\v',
};
const escapes: Readonly<Record<string, string>> = {
  ...classEscapes,
  w: `[${wordContent}\\u00b2\\u00b3\\u00b9\\u00bc-\\u00be]`,
  W: `[^${wordContent}\\u00b2\\u00b3\\u00b9\\u00bc-\\u00be]`,
  A: '(?<![\\s\\S])',
  z: '(?![\\s\\S])',
};
const assertions = new Set(['A', 'z']);

/** Reads a regular expression once from left to right, writing JavaScript's form of it and adding up its cost. */
class PatternReader {
  private readonly source: string;
  private position = 0;

  constructor(source: string) {
    this.source = source;
  }

  read(): { readonly translated: string; readonly cost: PartCost } {
    if (this.source.length > LONGEST_PATTERN) throw this.fault(`patterns of at most ${LONGEST_PATTERN} characters`);
    const result = this.alternatives(0);
    if (this.position < this.source.length) throw this.fault('balanced brackets');
    return result;
  }

  private fault(expected: string): LabError {
    return unusable(this.source, expected);
  }

  private alternatives(depth: number): { readonly translated: string; readonly cost: PartCost } {
    if (depth > 5) throw this.fault('groups nested at most 5 deep');
    const branches = [this.branch(depth)];
    while (this.source[this.position] === '|') {
      this.position += 1;
      branches.push(this.branch(depth));
    }
    const most = (key: 'openRepeats' | 'lastRepeats') => Math.max(...branches.map(({ cost }) => cost[key]));
    const ways = branches.reduce((sum, { cost }) => sum + cost.ways, 0);
    // Alternatives of the whole pattern are tried one after another; those of a group multiply with what follows.
    if (Math.max(...branches.map(({ cost }) => cost.ways)) > MOST_WAYS) throw this.fault('fewer optional parts');
    if (most('openRepeats') > 1) {
      throw this.fault('patterns without repeated groups and with one unbounded repeat before their end');
    }
    return {
      translated: branches.map(({ translated }) => translated).join('|'),
      cost: {
        isNullable: branches.some(({ cost }) => cost.isNullable),
        canFail: branches.every(({ cost }) => cost.canFail),
        openRepeats: most('openRepeats'),
        lastRepeats: most('lastRepeats'),
        ways,
      },
    };
  }

  private branch(depth: number): { readonly translated: string; readonly cost: PartCost } {
    let translated = '';
    let cost = nothing;
    while (this.position < this.source.length && !'|)'.includes(this.source.charAt(this.position))) {
      const isGroup = this.source[this.position] === '(';
      const part = this.part(depth);
      const repeat = this.repeat();
      if (isGroup && repeat.most > 1) throw this.fault('patterns without repeated groups');
      translated += part.translated + repeat.translated;
      cost = followedBy(cost, repeated(part.cost, repeat));
    }
    return { translated, cost };
  }

  private part(depth: number): { readonly translated: string; readonly cost: PartCost } {
    const character = String.fromCodePoint(this.source.codePointAt(this.position) ?? 0);
    if (character === '(') return this.group(depth);
    if (character === '[') return { translated: this.characterClass(), cost: oneCharacter };
    this.position += character.length;
    if (character === '.') return { translated: '[^\\n]', cost: oneCharacter };
    if (character === '^') return { translated: '(?:(?<![\\s\\S])|(?<=\\n))', cost: assertion };
    if (character === '$') return { translated: '(?:(?![\\s\\S])|(?=\\n))', cost: assertion };
    if ('*+?{'.includes(character)) throw this.fault('repeats after a character, a class or a group');
    if (character !== '\\') return { translated: literal(character), cost: oneCharacter };
    const name = this.source.charAt(this.position);
    const translated = this.escape(escapes);
    return { translated, cost: assertions.has(name) ? assertion : oneCharacter };
  }

  private group(depth: number): { readonly translated: string; readonly cost: PartCost } {
    const [opening = '('] = /^\((?:\?(?:[:=!]|<[=!]))?/.exec(this.source.slice(this.position)) ?? [];
    this.position += opening.length;
    if (this.source[this.position] === '?') throw this.fault('plain groups and assertions');
    const { translated, cost } = this.alternatives(depth + 1);
    if (this.source[this.position] !== ')') throw this.fault('balanced brackets');
    this.position += 1;
    if (opening === '(' || opening === '(?:') return { translated: `(?:${translated})`, cost };
    if (cost.openRepeats + cost.lastRepeats > 0) throw this.fault('assertions without unbounded repeats');
    return { translated: `${opening}${translated})`, cost: { ...cost, isNullable: true, canFail: true } };
  }

  /** Reads what follows a backslash. */
  private escape(known: Readonly<Record<string, string>>): string {
    const rest = this.source.slice(this.position);
    const property = /^[pP]\{\^?[A-Za-z_]+\}/.exec(rest)?.[0];
    if (property !== undefined) {
      this.position += property.length;
      return propertyEscape(property) ?? this.refuse(`known properties instead of \\${property}`);
    }
    const code = /^(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4}))/.exec(rest);
    if (code !== null) {
      this.position += code[0].length;
      return `\\u{${code[1] ?? code[2] ?? code[3] ?? ''}}`;
    }
    const character = String.fromCodePoint(this.source.codePointAt(this.position) ?? 0);
    this.position += character.length;
    if (Object.hasOwn(known, character)) return known[character] as string;
    if (character === '-') return known === escapes ? '-' : '\\-';
    if (/[A-Za-z0-9\0]/.test(character)) return this.refuse(`known escapes instead of \\${character}`);
    return literal(character);
  }

  private refuse(expected: string): never {
    throw this.fault(expected);
  }

  private characterClass(): string {
    this.position += 1;
    let content = '[';
    if (this.source[this.position] === '^') {
      content += '^';
      this.position += 1;
    }
    const start = this.position;
    while (this.position < this.source.length && (this.source[this.position] !== ']' || this.position === start)) {
      const character = String.fromCodePoint(this.source.codePointAt(this.position) ?? 0);
      if (character === '[' || this.source.startsWith('&&', this.position)) {
        throw this.fault('character classes without classes in them');
      }
      this.position += character.length;
      if (character === '\\') content += this.escape({ ...classEscapes, w: wordContent });
      else content += character === '-' ? '-' : literal(character);
    }
    if (this.source[this.position] !== ']') throw this.fault('balanced brackets');
    this.position += 1;
    return `${content}]`;
  }

  private repeat(): Repeat {
    const rest = this.source.slice(this.position);
    const found = /^(?:([*+?])|\{(\d{0,4})(,?)(\d{0,4})\})(\??)/.exec(rest);
    if (found === null) return { translated: '', least: 1, most: 1 };
    this.position += found[0].length;
    if (/^[*+?{]/.test(this.source.slice(this.position))) throw this.fault('one repeat at a time');
    const [, sign, low = '', comma, high = '', lazy = ''] = found;
    if (sign !== undefined) {
      return { translated: sign + lazy, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity };
    }
    if (low === '' && high === '') throw this.fault('repeats with a number');
    const least = Number(low);
    const most = comma === '' ? least : high === '' ? Infinity : Number(high);
    return { translated: `{${least},${most === Infinity ? '' : most}}${lazy}`, least, most };
  }
}

interface Repeat {
  readonly translated: string;
  readonly least: number;
  readonly most: number;
}

function repeated(cost: PartCost, { least, most }: Repeat): PartCost {
  const part = { ...cost, isNullable: cost.isNullable || least === 0, canFail: cost.canFail && least > 0 };
  if (most > SMALL_REPEAT) return { ...part, lastRepeats: cost.lastRepeats + 1 };
  return { ...part, ways: cost.ways * (most - least + 1) };
}

/** Adds a part, whose failing reopens the repeats before it. */
function followedBy(before: PartCost, part: PartCost): PartCost {
  return {
    isNullable: before.isNullable && part.isNullable,
    canFail: before.canFail || part.canFail,
    openRepeats: before.openRepeats + part.openRepeats + (part.canFail ? before.lastRepeats : 0),
    lastRepeats: part.lastRepeats + (part.canFail ? 0 : before.lastRepeats),
    ways: before.ways * part.ways,
  };
}

/** A property in JavaScript's form, the name of a script too; null if there is none. */
function propertyEscape(property: string): string | null {
  const isNegated = property.includes('^') !== property.startsWith('P');
  const name = property.replace(/^[pP]\{\^?|\}$/g, '');
  for (const candidate of [name, `Script=${name}`]) {
    const escape = `\\${isNegated ? 'P' : 'p'}{${candidate}}`;
    try {
      return new RegExp(escape, 'u') && escape;
    } catch {
      // Tries the next name.
    }
  }
  return null;
}

function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
