// `npm run cases -- DIR [--messages]`: imports the input of each case in a folder and prints a row for each: what was expected, what came.
import { parseArgs } from 'node:util';
import { LabError } from '../src/util/labError.ts';
import { readCases } from './cases/readCases.ts';
import { tryCase } from './cases/tryCase.ts';

const usage = `Usage: npm run cases -- DIR [--messages]

Imports DIR/*/input as a dropped folder and compares what comes of it with DIR/*/expect.json.
  --messages  also prints what the lab says about each input
Exits with 1 if an expectation does not hold, with 2 if there is no case to try.
`;

async function runCases(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { messages: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  const [folder] = positionals;
  if (folder === undefined || values.help) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const cases = await readCases(folder);
  let failed = 0;
  for (const one of cases) {
    const { name, differences, messages } = await tryCase(one);
    if (differences.length > 0) failed++;
    process.stdout.write(`${differences.length === 0 ? 'holds  ' : 'differs'} ${name}\n`);
    for (const difference of differences) process.stdout.write(`          ${difference}\n`);
    if (values.messages) for (const message of messages) process.stdout.write(`        | ${message}\n`);
  }
  process.stdout.write(`${cases.length - failed} cases hold, ${failed} differ\n`);
  return failed > 0 ? 1 : 0;
}

try {
  process.exitCode = await runCases(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${LabError.describe(LabError.toData(error))}\n`);
  process.exitCode = 2;
}
