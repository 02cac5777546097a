// Prints the test F1 of a result file by task, method and slicing rate: mean and deviation over its seeds.
import { readFileSync } from 'node:fs';

const [file, ...rest] = process.argv.slice(2);
if (file === undefined || rest.length > 0) {
  console.error('usage: node examples/read-result.mjs FILE.result.json');
  process.exit(2);
}
const result = JSON.parse(readFileSync(file, 'utf8'));
if (result.format !== 'bioner-lab-result') {
  console.error(`${file} is not a result file: its format is ${JSON.stringify(result.format)}.`);
  process.exit(2);
}

/** Test F1 of every run that is finished: task name -> column name -> one number for each seed. */
const table = new Map();
const columns = new Map();
for (const run of result.runs) {
  if (run.status !== 'finished') continue;
  // The snapshot that was chosen on devel. Files of version 1 have one task a run, outside of a list.
  const snapshot = run.snapshots.find(({ epoch }) => epoch === run.selectedEpoch);
  const tasks = run.spec.tasks ?? [{ corpus: run.spec.corpus, type: run.spec.type }];
  const scores = [snapshot.test].flat();
  const [column, order] = columnOf(run.spec);
  columns.set(column, order);
  tasks.forEach(({ corpus, type }, index) => {
    if (scores[index] === null) return; // a corpus without a test split
    const row = `${corpus.name} ${type ?? 'all types'}`;
    if (!table.has(row)) table.set(row, new Map());
    const cells = table.get(row);
    cells.set(column, [...(cells.get(column) ?? []), scores[index].lenient.overall.f1]);
  });
}

/** The slicing rate is the share of the encoder's layers that come from MTL-XC. */
function columnOf({ method, slicing, round = 0, model }) {
  const later = round > 0 ? ` round ${round}` : '';
  if (method !== 'MTL-LS') return [method + later, [method === 'STL' ? 0 : 1, round]];
  const layers = result.models.find(({ id }) => id === model.id).layers;
  const rate = slicing.layers / layers;
  return [`MTL-LS ${rate.toFixed(2)}${later}`, [2 + rate, round]];
}

function describe(values) {
  if (values === undefined) return '';
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return mean.toFixed(2);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return `${mean.toFixed(2)} ± ${Math.sqrt(squares / (values.length - 1)).toFixed(2)}`;
}

const names = [...columns]
  .sort(([, [left, leftRound]], [, [right, rightRound]]) => left - right || leftRound - rightRound)
  .map(([name]) => name);
const rows = [['test F1', ...names]];
for (const [row, cells] of table) rows.push([row, ...names.map((name) => describe(cells.get(name)))]);
const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
for (const row of rows)
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
