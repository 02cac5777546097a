// Reads the mentions that a file of rows predicts in the sentences of a test split.
import { readFile } from 'node:fs/promises';
import type { Mention, Sentence } from '../../src/data/corpus/corpus.ts';
import { IssueList } from '../../src/data/corpus/issues.ts';
import { surveyRows } from '../../src/data/rows/columnSurvey.ts';
import { readConllRows } from '../../src/data/rows/conll.ts';
import { openRowFile } from '../../src/data/rows/rowFile.ts';
import { readTaggedMentions } from '../../src/data/rows/taggedMentions.ts';
import { LabError } from '../../src/util/labError.ts';

/**
 * Reads the mentions of each test sentence from rows with the token first and the predicted tag last. If the rows predict several
 * types, those of `type` count; a single type may have any name, since jointly trained tasks share one. Throws LabError
 * `analysis/predictions` if the file cannot be read, has other sentences than the split, or several types without `type`.
 */
export async function readPredictions(
  file: string,
  test: readonly Sentence[],
  type: string,
): Promise<readonly (readonly Mention[])[]> {
  const sentences = readRows(await bytesOf(file), file);
  requireSame(sentences, test, file);
  const types = [...new Set(sentences.flatMap(({ mentions }) => mentions.map((mention) => mention.type)))];
  if (types.length > 1 && !types.includes(type)) {
    throw refusal(`${file} predicts none of the task's mentions.`, { expected: `type ${type}`, got: types.join(', ') });
  }
  return sentences.map(({ mentions }) => mentions.filter((mention) => types.length === 1 || mention.type === type));
}

async function bytesOf(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw refusal(`The predictions cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function readRows(bytes: Uint8Array<ArrayBuffer>, file: string): readonly Sentence[] {
  const issues = new IssueList(file);
  const rows = openRowFile(bytes, file, issues);
  if (rows === null) throw refusal(`${file}: ${issues.listed[0]?.message ?? 'The file is no text.'}`);
  const { layout } = surveyRows([rows]);
  if ('code' in layout) throw refusal(`${file}: ${layout.message}`);
  // The detected layout would select the gold tags if nothing is predicted.
  const tagColumn = layout.columns - 1;
  const choice = { ...layout.choice, tagColumn, layer: 'only', layerColumns: [tagColumn] } as const;
  const { sentences: tagged } = readConllRows(rows, { ...layout, choice }, 0, issues);
  const { sentences } = readTaggedMentions(tagged, issues);
  const problem = issues.listed.find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw refusal(`${file}, line ${problem.line ?? '?'}: ${problem.message}`);
  return sentences;
}

function requireSame(sentences: readonly Sentence[], test: readonly Sentence[], file: string): void {
  for (let index = 0; index < Math.min(sentences.length, test.length); index++) {
    const found = sentences[index]?.tokens ?? [];
    const expected = test[index]?.tokens ?? [];
    const token = expected.findIndex((one, at) => one !== found[at]);
    if (token < 0 && found.length === expected.length) continue;
    const at = token < 0 ? expected.length : token;
    throw refusal(`Sentence ${index + 1} of ${file} is not sentence ${index + 1} of the test split.`, {
      expected: expected[at] === undefined ? `${at} tokens` : `token ${at + 1} to be ${JSON.stringify(expected[at])}`,
      got: token < 0 || found[at] === undefined ? `${found.length} tokens` : JSON.stringify(found[at]),
    });
  }
  if (sentences.length !== test.length) {
    const first = Math.min(sentences.length, test.length) + 1;
    throw refusal(`${file} does not have the sentences of the test split: they differ from sentence ${first} on.`, {
      expected: `${test.length} sentences`,
      got: `${sentences.length}`,
    });
  }
}

function refusal(message: string, details: { expected?: string; got?: string } = {}): LabError {
  return new LabError('analysis/predictions', message, details);
}
