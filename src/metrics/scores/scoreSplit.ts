// Scores the predictions for one split in every way the lab reports; reproduces the counts of conlleval, the scorer of the CoNLL shared tasks.
import { outside, splitTag, type TagScheme } from '../../data/corpus/tagScheme.ts';
import { endsChunk, lenientMentions, startsChunk, strictMentions } from '../../data/corpus/tagSequences.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/documents/document.ts';
import { LabError } from '../../util/labError.ts';
import { sharedMentions, SpanTally, type EntityScores, type SplitScores } from './spanScore.ts';

/** Entity scores of mentions that are well-formed in their tag scheme. */
interface StrictScores {
  readonly entities: EntityScores;
  /** Predicted mentions that only conlleval's lenient reading has: the cost of strictness. */
  readonly discarded: number;
}

/**
 * Scores exact spans and types of the strict reading of both sides, `[sentences][tokens]`. Ill-formed predictions are dropped, so
 * precision can exceed the lenient one while recall is lower. Throws `metrics/length` if gold and predicted differ in length.
 */
function strictScores(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  scheme: TagScheme,
): StrictScores {
  checkLengths(gold, predicted);
  const spans = new SpanTally();
  let discarded = 0;
  gold.forEach((goldTags, sentence) => {
    const predictedTags = predicted[sentence] ?? [];
    const goldMentions = strictMentions(goldTags, scheme).mentions;
    const predictedMentions = strictMentions(predictedTags, scheme).mentions;
    for (const { type } of goldMentions) spans.add(type, 'gold');
    for (const { type } of predictedMentions) spans.add(type, 'predicted');
    for (const { type } of sharedMentions(goldMentions, predictedMentions)) spans.add(type, 'correct');
    const lenient = lenientMentions(predictedTags);
    discarded += lenient.length - sharedMentions(lenient, predictedMentions).length;
  });
  return { entities: spans.scores(), discarded };
}

/**
 * Scores predicted against gold tags, both `[sentences][tokens]` in `scheme`, leniently like conlleval and strictly. Throws
 * `metrics/length` if they differ in length.
 */
export function scoreSplit(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  scheme: TagScheme,
): SplitScores {
  const { sentences, tokens, accuracy, entities: lenient } = conlleval(gold, predicted);
  const { entities: strict, discarded } = strictScores(gold, predicted, scheme);
  return { sentences, tokens, accuracy, lenient, strict, discarded };
}

export interface LabelledDocument extends AnnotatedDocument {
  /** Mentions annotated in the file, in order and disjoint. */
  readonly gold: readonly AnnotatedMention[];
}

/** Maps each of the tagger's types to the annotated type it is compared with; null for none. */
type GoldTypes = Readonly<Record<string, string | null>>;

/**
 * Scores exact spans of the compared types, under the tagger's names, as `scoreSplit` counts them in both readings: mentions of documents are well
 * formed. Predicted mentions of other types are left out on one side, annotated ones on the other. Takes time linear in the mentions.
 */
export function scoreDocuments(documents: readonly LabelledDocument[], goldTypes: GoldTypes): EntityScores {
  const nameOf = new Map(Object.entries(goldTypes).flatMap(([type, gold]) => (gold === null ? [] : [[gold, type]])));
  const compared = new Set(nameOf.values());
  const spans = new SpanTally();
  for (const document of documents) {
    const found = new Map<number, AnnotatedMention>();
    for (const mention of document.mentions) {
      if (!compared.has(mention.type)) continue;
      found.set(mention.start, mention);
      spans.add(mention.type, 'predicted');
    }
    for (const { type: written, start, end } of document.gold) {
      const type = nameOf.get(written);
      if (type === undefined) continue;
      spans.add(type, 'gold');
      const same = found.get(start);
      if (same?.end === end && same.type === type) spans.add(type, 'correct');
    }
  }
  return spans.scores();
}

/** Default type mapping: the same name, however it is spelled, else the only one there is. */
export function matchTypes(types: readonly string[], goldTypes: readonly string[]): GoldTypes {
  const plain = (type: string): string => type.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  const only = types.length === 1 && goldTypes.length === 1 ? (goldTypes[0] ?? null) : null;
  const matchOf = (type: string): string | null =>
    goldTypes.find((gold) => gold === type) ?? goldTypes.find((gold) => plain(gold) === plain(type)) ?? only;
  return Object.fromEntries(types.map((type) => [type, matchOf(type)]));
}

// Reproduces the counts of conlleval, the scorer of the CoNLL shared tasks: for IOB tags those of the script, for IOBES those of its Python port.

interface ConllevalScores {
  readonly sentences: number;
  readonly tokens: number;
  /** Tokens whose predicted tag equals the gold one. */
  readonly correctTags: number;
  /** Percent; 0 without tokens. */
  readonly accuracy: number;
  readonly entities: EntityScores;
}

/**
 * Scores predicted tags against gold tags, both `[sentences][tokens]`, with a boundary after every sentence. Follows the streaming
 * algorithm of CoNLL-2000, so that tags B and I count as in its script, whether they fit a scheme or not. The script does not know S,
 * and reads over an E before a B; as in its Python port and in seqeval, a mention ends here at S and E. Throws `metrics/length`
 * if gold and predicted differ in length.
 */
export function conlleval(
  gold: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
): ConllevalScores {
  checkLengths(gold, predicted);
  const spans = new SpanTally();
  let tokens = 0;
  let correctTags = 0;
  let previousGold = outside;
  let previousPredicted = outside;
  /** Whether a mention is open that is correct so far. */
  let isCorrect = false;

  gold.forEach((goldTags, sentence) => {
    const predictedTags = predicted[sentence] ?? [];
    for (let index = 0; index <= goldTags.length; index++) {
      const goldTag = splitTag(goldTags[index] ?? 'O');
      const predictedTag = splitTag(predictedTags[index] ?? 'O');
      const sameType = goldTag.type === predictedTag.type;
      const goldEnds = endsChunk(previousGold, goldTag);
      const predictedEnds = endsChunk(previousPredicted, predictedTag);
      const goldStarts = startsChunk(previousGold, goldTag);
      const predictedStarts = startsChunk(previousPredicted, predictedTag);

      if (isCorrect) {
        if (goldEnds && predictedEnds && previousGold.type === previousPredicted.type) {
          isCorrect = false;
          spans.add(previousGold.type, 'correct');
        } else if (goldEnds !== predictedEnds || !sameType) {
          isCorrect = false;
        }
      }
      if (goldStarts && predictedStarts && sameType) isCorrect = true;
      if (goldStarts) spans.add(goldTag.type, 'gold');
      if (predictedStarts) spans.add(predictedTag.type, 'predicted');
      if (index < goldTags.length) {
        tokens++;
        if (goldTag.prefix === predictedTag.prefix && sameType) correctTags++;
      }
      previousGold = goldTag;
      previousPredicted = predictedTag;
    }
  });
  // Only tags outside any scheme are still open after a boundary.
  if (isCorrect) spans.add(previousGold.type, 'correct');

  const accuracy = tokens > 0 ? (100 * correctTags) / tokens : 0;
  return { sentences: gold.length, tokens, correctTags, accuracy, entities: spans.scores() };
}

/** Throws `metrics/length` unless both have the same number of sentences and of tokens in each. */
export function checkLengths(gold: readonly (readonly string[])[], predicted: readonly (readonly string[])[]): void {
  if (gold.length !== predicted.length) {
    throw new LabError('metrics/length', 'Gold and predicted tags differ in sentences.', {
      expected: `${gold.length} sentences`,
      got: `${predicted.length}`,
    });
  }
  const odd = gold.findIndex((tags, sentence) => tags.length !== predicted[sentence]?.length);
  if (odd >= 0) {
    throw new LabError('metrics/length', `Gold and predicted tags of sentence ${odd} differ in length.`, {
      expected: `${gold[odd]?.length} tags`,
      got: `${predicted[odd]?.length}`,
    });
  }
}

/** Returns the lines of conlleval's output, each terminated: counts, overall scores, and one line per type with the number predicted. */
export function conllevalReport({ tokens, accuracy, entities }: ConllevalScores): string {
  const { overall, perType } = entities;
  let report = `processed ${tokens} tokens with ${overall.gold} phrases; `;
  report += `found: ${overall.predicted} phrases; correct: ${overall.correct}.\n`;
  if (tokens > 0) report += `accuracy: ${percent(accuracy)}%; ${figures(overall)}\n`;
  for (const [type, score] of Object.entries(perType).sort(([left], [right]) => (left < right ? -1 : 1))) {
    report += `${type.padStart(17)}: ${figures(score)}  ${score.predicted}\n`;
  }
  return report;
}

function figures(score: { readonly precision: number; readonly recall: number; readonly f1: number }): string {
  return `precision: ${percent(score.precision)}%; recall: ${percent(score.recall)}%; FB1: ${percent(score.f1)}`;
}

/** C's `%6.2f`. It rounds ties to even, where toFixed rounds up; ties are the odd eighths, such as 3.125. */
function percent(value: number): string {
  const eighths = value * 8;
  const isTie = Number.isInteger(eighths) && eighths % 2 === 1;
  const lower = Math.floor(value * 100);
  const text = isTie ? ((lower % 2 === 0 ? lower : lower + 1) / 100).toFixed(2) : value.toFixed(2);
  return text.padStart(6);
}

interface PredictedTags {
  /** Both `[sentences][tokens]`. */
  readonly gold: readonly (readonly string[])[];
  readonly predicted: readonly (readonly string[])[];
}

/**
 * Reads gold and predicted tags from the last two columns, separated by white space; blank lines and `-X-` rows are sentence
 * boundaries. Throws `conlleval/columns` with the line if a row has fewer than three columns or not as many as the first.
 */
export function predictionRows(text: string): PredictedTags {
  const gold: string[][] = [];
  const predicted: string[][] = [];
  let goldTags: string[] = [];
  let predictedTags: string[] = [];
  let columns: number | null = null;
  const endSentence = () => {
    if (goldTags.length === 0) return;
    gold.push(goldTags);
    predicted.push(predictedTags);
    goldTags = [];
    predictedTags = [];
  };

  text.split(/\r\n|\r|\n/).forEach((row, index) => {
    const cells = row.split(/[ \t\f\v]+/).filter((cell) => cell !== '');
    if (cells.length === 0 || cells[0] === '-X-') return endSentence();
    if (cells.length < 3 || (columns !== null && cells.length !== columns)) {
      throw new LabError('conlleval/columns', `Line ${index + 1} has the wrong number of columns.`, {
        expected:
          columns === null
            ? 'token, gold tag and predicted tag, with any columns between'
            : `${columns} columns as before`,
        got: `${cells.length}: ${JSON.stringify(row.slice(0, 60))}`,
      });
    }
    columns = cells.length;
    goldTags.push(cells.at(-2) ?? '');
    predictedTags.push(cells.at(-1) ?? '');
  });
  endSentence();
  return { gold, predicted };
}
