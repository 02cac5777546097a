// Compares two results that were trained with other settings: test F1 of the same task, method and slicing rate, trainings paired by seed and round.
import { answeringCommand, exitCodes, exitCodesText } from '../../headless/commandEnd.ts';
import { parsedOptions, usageError } from '../../headless/headlessArguments.ts';
import { readResultFile } from '../../headless/readResultFile.ts';
import { buildComparisons, taskKey, type Training } from '../../src/lab/comparison/comparison.ts';
import { probabilityText, signedText, VERDICT_WORDS } from '../../src/lab/comparison/differenceFamily.ts';
import { variantName } from '../../src/lab/state/runViews.ts';
import { unpackCounts } from '../../src/metrics/scores/packedCounts.ts';
import type { PairedTraining } from '../../src/metrics/significance/bootstrapIntervals.ts';
import { significance, type Significance } from '../../src/metrics/significance/significance.ts';
import type { ResultFile } from '../../src/schema/resultFile.ts';
import { finishWork } from '../../src/util/clock.ts';
import { LabError } from '../../src/util/labError.ts';

const usage = `Usage: bioner compare FIRST.result.json SECOND.result.json [--json]

Compares two results that were trained with other settings, such as with and without leaks: test F1 of each task, method and slicing rate of the first
minus that of the second, trainings paired by seed and round, with a bootstrap interval over sentences (95 %) and p-values corrected by Holm.
Both may be packed (.result.json.gz). Records from before counts of sentences were stored have nothing to compare.
${exitCodesText}`;

/** A task with a method at one slicing rate, in both results. */
export interface SharedVariant {
  readonly task: string;
  readonly variant: string;
  readonly trainings: readonly PairedTraining[];
}

export const compareCommand = answeringCommand(usage, async (args, { output }) => {
  const { values, positionals } = parsedOptions(args, { json: { type: 'boolean' } });
  const [first, second, ...rest] = positionals;
  if (first === undefined || second === undefined || rest.length > 0) {
    throw usageError('Give two result files.', 'FIRST.result.json SECOND.result.json', positionals.join(' ') || 'none');
  }
  const shared = sharedVariants(await readResultFile(first), await readResultFile(second));
  if (shared.length === 0) {
    throw new LabError('analysis/nothing-shared', 'The results have no training in common.', {
      expected: 'finished trainings of one task, method, slicing rate, seed and round in both, with counts of the same test sentences',
      got: `none in ${first} and ${second}`,
    }); // prettier-ignore
  }
  const found = finishWork(significance(shared.map(({ trainings }) => trainings)));
  const rows = shared.flatMap((one, index) => (found[index] === undefined ? [] : [{ ...one, found: found[index] }]));
  output.write(values.json === true ? `${JSON.stringify(rows.map(rowOf), null, 2)}\n` : markdownOf(rows));
  return exitCodes.done;
});

type Row = SharedVariant & { readonly found: Significance };

/** Every task and variant that both results have trainings of, in the order of the first. */
export function sharedVariants(first: ResultFile, second: ResultFile): readonly SharedVariant[] {
  const others = variantsOf(second);
  return [...variantsOf(first)].flatMap(([key, { task, variant, trainings }]) => {
    const ofSecond = others.get(key)?.trainings ?? [];
    const paired = trainings.flatMap((a) => {
      const b = ofSecond.find(({ seed, round }) => seed === a.seed && round === a.round);
      return b === undefined ? [] : pairOf(a, b);
    });
    return paired.length === 0 ? [] : [{ task, variant, trainings: paired }];
  });
}

function variantsOf({ runs, models }: ResultFile) {
  const layers = new Map(models.map((model) => [model.id, model.layers]));
  const found = new Map<string, { task: string; variant: string; trainings: Training[] }>();
  for (const { tasks } of buildComparisons(runs, (modelId) => layers.get(modelId))) {
    for (const { task, variants } of tasks) {
      for (const one of variants) {
        const variant = variantName(one);
        const key = `${taskKey(task)} ${variant}`;
        const known = found.get(key) ?? {
          task: `${task.corpus.name} · ${task.type ?? 'all types'}`,
          variant,
          trainings: [],
        };
        known.trainings.push(...one.trainings);
        found.set(key, known);
      }
    }
  }
  return found;
}

/** None where a training has no counts, or where they are of other sentences. */
function pairOf(a: Training, b: Training): readonly PairedTraining[] {
  if (a.testCounts === null || b.testCounts === null || a.testCounts.split !== b.testCounts.split) return [];
  const { seed, round } = a;
  return [{ seed, round, snapshots: [], a: unpackCounts(a.testCounts), b: unpackCounts(b.testCounts) }];
}

function rowOf({ task, variant, trainings, found }: Row) {
  const { a, b, difference, sentences, adjusted, verdict } = found;
  const names = { task, variant, trainings: trainings.length };
  return { ...names, first: a.mean, second: b.mean, difference, p: { sentences: sentences.adjusted, both: adjusted }, verdict }; // prettier-ignore
}

function markdownOf(rows: readonly Row[]): string {
  const lines = rows.map(({ task, variant, trainings, found: { a, b, difference, adjusted, verdict } }) =>
    [
      task,
      variant,
      trainings.length,
      a.mean.toFixed(2),
      b.mean.toFixed(2),
      `${signedText(difference.mean)} (${signedText(difference.low)} to ${signedText(difference.high)})`,
      probabilityText(adjusted),
      VERDICT_WORDS[verdict],
    ].join(' | '),
  );
  const head = ['task | method | trainings | first F1 | second F1 | first minus second | p | verdict', '--- | --- | ---: | ---: | ---: | ---: | ---: | ---']; // prettier-ignore
  return `${[...head, ...lines].map((line) => `| ${line} |`).join('\n')}\n`;
}
