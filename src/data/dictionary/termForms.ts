// Folds terms and tokens into forms in which spellings of the same name are equal: case, plural, hyphens, spaces and Greek letters.

/** Which differences of spelling do not count when text is compared with terms. */
export interface TermRules {
  /**
   * A term of at most this number of letters and digits is a symbol if all its letters are capitals, or one after the first character is: its case counts. 0: case
   * never counts.
   */
  readonly symbolLength: number;
  /** Whether singular and plural are the same, and a possessive 's is passed over. */
  readonly plurals: boolean;
  /** Whether hyphens and spaces count, also between letters and digits: IL-2, IL 2 and IL2. */
  readonly joins: boolean;
  /** Whether a Greek letter and its name are the same. */
  readonly greek: boolean;
  /** Whether terms that are common English words are left out, and reported. */
  readonly commonWords: boolean;
}

export const DEFAULT_RULES: TermRules = { symbolLength: 5, plurals: true, joins: true, greek: true, commonWords: true };

/** A run of letters or digits, or another character. */
export interface TermUnit {
  /** Equal for spellings that the rules do not tell apart. */
  readonly fold: string;
  /** The same with its case, for symbols. */
  readonly cased: string;
}

const GREEK_LETTERS: Readonly<Record<string, string>> = {
  α: 'alpha', β: 'beta', γ: 'gamma', δ: 'delta', ε: 'epsilon', ζ: 'zeta', η: 'eta', θ: 'theta', ι: 'iota', κ: 'kappa', λ: 'lambda', μ: 'mu',
  ν: 'nu', ξ: 'xi', ο: 'omicron', π: 'pi', ρ: 'rho', σ: 'sigma', ς: 'sigma', τ: 'tau', υ: 'upsilon', φ: 'phi', χ: 'chi', ψ: 'psi', ω: 'omega',
}; // prettier-ignore

const HYPHENS = /^[-\u00ad\u2010-\u2015\u2212\u2043\ufe63\uff0d_]$/;
const APOSTROPHES = /^['\u2018\u2019\u02bc\u0060\u00b4]$/;
const GREEK = /[\p{Script=Greek}]/u;
/** The name of a Greek letter right after a capital or digit: TNFalpha, IL1beta. */
const GREEK_NAME = /(?<=[\p{Lu}\p{N}])(?:alpha|beta|gamma|delta|epsilon|zeta|theta|kappa|lambda|sigma|omega)$/u;

const RUNS_APART = /\p{L}[\p{L}\p{M}]*|\p{N}+|\S/gu;
const RUNS_WHOLE = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*|\S/gu;

/** Splits a term or a token into units, without the hyphens and possessives that the rules pass over. Takes time linear in the text. */
export function termUnits(text: string, rules: TermRules): readonly TermUnit[] {
  const units: TermUnit[] = [];
  for (const [run] of text.normalize('NFKC').matchAll(rules.joins ? RUNS_APART : RUNS_WHOLE)) {
    if (rules.joins && HYPHENS.test(run)) continue;
    if (rules.joins && /^\p{L}/u.test(run)) for (const part of partsOfRun(run, rules)) units.push(unitOf(part, rules));
    else units.push(unitOf(run, rules));
  }
  return rules.plurals ? withoutPossessives(units) : units;
}

/** Whether a unit is an apostrophe, and the next one the s after it. */
export function isPossessive(unit: TermUnit | undefined, next: TermUnit | undefined): boolean {
  return unit?.fold === "'" && next?.fold === 's';
}

function withoutPossessives(units: readonly TermUnit[]): readonly TermUnit[] {
  if (!units.some((unit, index) => isPossessive(unit, units[index + 1]))) return units;
  return units.filter((unit, index) => !isPossessive(unit, units[index + 1]) && !isPossessive(units[index - 1], unit));
}

/** Splits a run of letters where Greek letters, or the name of one, begin or end. */
function partsOfRun(run: string, { greek }: TermRules): readonly string[] {
  if (!greek) return [run];
  if (GREEK.test(run)) return run.match(/[\p{Script=Greek}]|[^\p{Script=Greek}]+/gu) ?? [run];
  const name = GREEK_NAME.exec(run)?.[0];
  return name === undefined ? [run] : [run.slice(0, -name.length), name];
}

function unitOf(run: string, rules: TermRules): TermUnit {
  if (APOSTROPHES.test(run)) return { fold: "'", cased: "'" };
  const plain = run.normalize('NFD').replace(/\p{M}/gu, '');
  let lower = plain.toLowerCase();
  if (rules.greek && GREEK.test(lower)) {
    lower = lower.replace(/\p{Script=Greek}/gu, (letter) => GREEK_LETTERS[letter] ?? letter);
    return { fold: lower, cased: lower };
  }
  if (!rules.plurals) return { fold: lower, cased: plain };
  // TIAs: a symbol's own letters, then the s of the plural.
  if (/^\p{Lu}{2,}s$/u.test(plain)) return { fold: singular(lower.slice(0, -1)), cased: plain.slice(0, -1) };
  return { fold: singular(lower), cased: plain };
}

/** Plurals in -es of words in -is, as far as no singular in -e ends alike. */
const OF_WORDS_IN_IS = /(?:[^r]oses|stases|yses)$/;

/** Folds a lower-case word to its singular by the rules of English; what has none becomes some form that both have. */
function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s') || /(?:ss|us|is)$/.test(word)) return word;
  if (word.length >= 7 && OF_WORDS_IN_IS.test(word)) return `${word.slice(0, -2)}is`;
  if (word.length >= 5 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:ss|x|z|ch|sh)es$/.test(word) || (word.length >= 7 && word.endsWith('uses'))) return word.slice(0, -2);
  return word.slice(0, -1);
}

/** Whether the case of a term counts. */
export function isSymbol(term: string, { symbolLength }: TermRules): boolean {
  const signs = [...term.normalize('NFKC')].filter((sign) => /[\p{L}\p{N}]/u.test(sign));
  if (signs.length > symbolLength || /\s/u.test(term.trim())) return false;
  const latin = signs.filter((sign) => /\p{L}/u.test(sign) && !GREEK.test(sign));
  if (!latin.some((letter) => /\p{Lu}/u.test(letter))) return false;
  return latin.every((letter) => /\p{Lu}/u.test(letter)) || signs.slice(1).some((sign) => /\p{Lu}/u.test(sign));
}

const NORMAL_RULES: TermRules = { ...DEFAULT_RULES, symbolLength: 0 };
const FUNCTION_WORDS = new Set(['of', 'the', 'a', 'an']);

/** Returns the words of a term without case, punctuation, plural and Greek letters, in their order. */
export function normalWords(text: string): readonly string[] {
  const words = termUnits(text, NORMAL_RULES).flatMap(({ fold }) => (/[\p{L}\p{N}]/u.test(fold) ? fold : []));
  const telling = words.filter((word) => !FUNCTION_WORDS.has(word));
  return telling.length === 0 ? words : telling;
}
