// Private words of this project, and what to write instead.

/** Phrases in comments and texts, each a pattern between word boundaries, ignoring case. */
export const plainWords = [
  { pattern: 'told', write: '“given”, “shown” or “reported”' },
  { pattern: 'anew', write: '“again”' },
  { pattern: '(?:stands?|stood|standing) in', write: '“is in” or “occurs in”' },
  { pattern: '(?:of|on) (?:its|their|his|her|our|my|one’s|one\'s) own', write: '“own”, “separate” or “by itself”' }, // prettier-ignore
  { pattern: 'so many', write: '“a number of”, or the name of the number' },
  { pattern: '(?:goes|go|going|went|gone) on with', write: '“continues”' },
  { pattern: '(?:is|are|was|were|be|been) asked', write: '“is called”, “gets a request”, or who does what' },
  { pattern: 'judg(?:e|es|ed|ing|e?ments?)', write: '“validate”, “compare” or “test for significance”' },
  { pattern: '(?:holds?|held|holding) against', write: '“compared with” or “validated against”' },
  { pattern: 'at hand', write: '“available” or “present”' },
  { pattern: 'spoilt', write: '“unusable” or “lost”' },
  { pattern: 'whoever', write: '“the caller”, or who it is' },
  { pattern: 'shel(?:f|ves)', write: '“store” or “list”' },
  { pattern: 'contenders?', write: '“variant”' },
  { pattern: '(?:takes?|taken|took|taking) in', write: '“imports” or “adds”' },
  { pattern: '(?:does|do|did|done|doing) again', write: '“repeats” or “recomputes”' },
];

/** Words in names, matched as a word of a camelCase name; `isPrefix`: only as its first word. */
export const plainNames = [
  { words: ['judge', 'judges', 'judged', 'judgement', 'judgements'], write: 'validate, testSignificance or errorFindings' }, // prettier-ignore
  { words: ['held'], write: 'existing, supervised or found' },
  { words: ['kept'], isPrefix: true, write: 'saved, or keep with a noun' },
  { words: ['told'], write: 'notify or report' },
  { words: ['spoilt'], write: 'lost or unusable' },
  { words: ['shelf', 'shelves'], write: 'corpora, models, results or downloads' },
  { words: ['board'], write: 'labStore' },
  { words: ['contender', 'contenders'], write: 'variant' },
  { words: ['threes'], write: 'qkv' },
  { words: ['pulse'], write: 'runProgress' },
  { words: ['desk'], write: 'the noun of what it keeps' },
  { words: ['whileours'], write: 'refuseWhenNotOwner' },
];
