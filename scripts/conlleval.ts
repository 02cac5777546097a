// Prints the scores of a file of token, gold and predicted columns like conlleval.
import { readFileSync } from 'node:fs';
import { conlleval, conllevalReport, predictionRows } from '../src/metrics/scores/scoreSplit.ts';
import { LabError } from '../src/util/labError.ts';

const [file, ...rest] = process.argv.slice(2);
if (file === undefined || rest.length > 0) {
  console.error('usage: npm run conlleval -- FILE   (token, ..., gold and predicted columns; - reads standard input)');
  process.exit(2);
}
try {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file === '-' ? 0 : file));
  const { gold, predicted } = predictionRows(text);
  process.stdout.write(conllevalReport(conlleval(gold, predicted)));
} catch (error) {
  console.error(`${file}: ${LabError.describe(LabError.toData(error))}`);
  process.exitCode = 2;
}
