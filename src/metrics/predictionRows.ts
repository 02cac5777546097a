// Reads the rows that conlleval reads: a token, perhaps more columns, the gold tag, the predicted tag.
import { LabError } from '../util/labError.ts';

export interface PredictedTags {
  /** Both `[sentences][tokens]`. */
  readonly gold: readonly (readonly string[])[];
  readonly predicted: readonly (readonly string[])[];
}

/**
 * Gold and predicted tags of the last two columns, separated by white space; blank lines and `-X-` rows are sentence borders.
 * Throws `conlleval/columns` with the line where a row has fewer than three columns or not as many as the first.
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
