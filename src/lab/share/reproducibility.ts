// Makes the reproducibility sheet of a result file: seeds and their spread, versions and machines, digests, and what is equal to the bit where.
import type { ResultFile } from '../../schema/resultFile.ts';
import { neededRuns } from '../../schema/runLineage.ts';
import type { Environment, RunRecord } from '../../schema/runRecord.ts';
import { fingerprint } from '../../util/digest.ts';
import { html, type Html } from '../../util/html.ts';
import { markdownText } from '../../util/wording.ts';
import { buildComparisons, type Variant } from '../comparison/comparison.ts';
import { variantSpread, type SpreadOver } from '../comparison/comparisonCurves.ts';
import { outcomeOf } from '../comparison/mergeRuns.ts';
import { variantName, variantOfSpec } from '../state/runViews.ts';

/** A table of the sheet; every cell is text. */
export interface SheetSection {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** What was promised and tested when this version was made, and the test that shows it. */
const EQUALITY: readonly (readonly [between: string, equal: 'equal' | 'not equal', shown: string])[] = [
  ['a run that was paused, moved to another tab or process, or went on after a failure, and one that never stopped; same backend, device and version', 'equal', '`tests/numeric/resume.test.ts`, `tests/numeric/processorRun.test.ts`, `tests/gpu/engineRun.test.ts`, `tests/gpu/recovery.test.ts`'],
  ['two trainings of a run on one machine with the same version and browser', 'equal', '`tests/numeric/processorRun.test.ts`, `tests/gpu/engineRun.test.ts`'],
  ['one thread of the processor and several', 'equal', '`tests/numeric/processorRun.test.ts`, `tests/gpu/training.test.ts`'],
  ['activations kept and recomputed on a GPU', 'equal', '`tests/gpu/engine.test.ts`'],
  ['order of the sentences, dropout and new weights on any machine', 'equal', 'they depend on seed, epoch and step alone'],
  ['processors or browsers with and without multiply-adds that round once; two GPUs, drivers or tunings; GPU and processor; f32 and mixed precision', 'not equal', 'sums are rounded otherwise: gradients agree within the tolerances of `tests/gpu/engine.test.ts`, scores as between seeds'],
  ['weights exported in F32 and F16', 'not equal', 'F16 rounds each weight'],
]; // prettier-ignore

/** All sections, in order. The file needs nothing beside it. */
export function reproducibilitySheet(file: ResultFile): readonly SheetSection[] {
  const machines = machinesOf(file.runs);
  return [planSection(file), seedSection(file), machineSection(file, machines), digestSection(file), runSection(file, machines), equalitySection(file)]; // prettier-ignore
}

function planSection({ plan, runs, software, exportedAt, checksum }: ResultFile): SheetSection {
  const finished = runs.filter(({ status }) => status === 'finished').length;
  return {
    title: 'Plan',
    columns: ['what', 'value'],
    rows: [
      ['Name', plan.name],
      ['Runs', `${runs.length}, of which ${finished} finished`],
      ['Seeds', plan.seeds.join(', ')],
      ['Digest of the plan', fingerprint(plan)],
      ['Exported by', `${software}, ${exportedAt}`],
      ['Checksum of the result', checksum],
    ],
    notes: [
      'Digests are SHA-256 of canonical JSON: members in alphabetical order, no spaces. The same plan trains the same runs, under the same ids.',
    ],
  };
}

/** Test F1 of each method on each task: over which seeds, and how far it spreads over them, over rounds, and over the snapshots of a run. */
function seedSection({ runs, models }: ResultFile): SheetSection {
  const layers = new Map(models.map((model) => [model.id, model.layers]));
  const rows = buildComparisons(runs, (modelId) => layers.get(modelId)).flatMap(({ tasks }) =>
    tasks.flatMap(({ task, variants }) =>
      variants.map((variant) => {
        const finished = variant.trainings.filter(({ status }) => status === 'finished');
        const seeds = [...new Set(finished.map(({ seed }) => seed))].sort((left, right) => left - right);
        const rounds = Math.max(0, ...finished.map(({ round }) => round));
        const mean = variantSpread(variant, { split: 'test', measure: 'f1', over: 'seeds' })?.mean;
        return [
          `${task.corpus.name} · ${task.type ?? 'all types'}`,
          variantName(variant),
          seeds.join(', ') || 'none finished',
          String(rounds),
          mean?.toFixed(2) ?? '–',
          ...(['seeds', 'rounds', 'snapshots'] as const).map((over) => deviationOf(variant, over)),
        ];
      }),
    ),
  );
  return {
    title: 'Seeds and spread of test F1',
    columns: ['task', 'method', 'seeds', 'rounds', 'mean', '± seeds', '± rounds', '± snapshots'],
    rows,
    notes: [
      '±: sample standard deviation, over the means of the seeds, the rounds of a seed, and the saved snapshots of a run; – where there are not two.',
    ],
  };
}

function deviationOf(variant: Variant, over: SpreadOver): string {
  return variantSpread(variant, { split: 'test', measure: 'f1', over })?.deviation?.toFixed(2) ?? '–';
}

/** Numbers each machine, as records describe it, in the order of the runs. */
function machinesOf(runs: readonly RunRecord[]): ReadonlyMap<string, number> {
  const machines = new Map<string, number>();
  for (const { environments } of runs) {
    for (const environment of environments) {
      const key = JSON.stringify(machineCells(environment));
      if (!machines.has(key)) machines.set(key, machines.size + 1);
    }
  }
  return machines;
}

function machineCells(environment: Environment): readonly string[] {
  const { software, backend, device, threads, platform, precision = 'f32' } = environment;
  return [software, backend, networkOf(environment), device, String(threads), precision, platform];
}

function networkOf({ backend, engine, plainNetwork }: Environment): string {
  if (engine === 'processor') return 'engine, processor';
  return backend === 'webgpu' && plainNetwork === undefined ? 'engine, GPU' : 'plain network';
}

function machineSection({ runs }: ResultFile, machines: ReadonlyMap<string, number>): SheetSection {
  const rows = [...machines].map(([key, number]) => {
    const trained = runs.filter(({ environments }) => environments.some((one) => JSON.stringify(machineCells(one)) === key)); // prettier-ignore
    return [String(number), ...(JSON.parse(key) as readonly string[]), String(trained.length)];
  });
  return {
    title: 'Versions and machines',
    columns: ['no.', 'version', 'backend', 'network', 'device', 'threads', 'precision', 'platform', 'runs'],
    rows,
    notes: ['Device and platform as far as the browser or Node says.'],
  };
}

function digestSection({ runs, models }: ResultFile): SheetSection {
  const corpora = new Map(
    runs.flatMap(({ spec }) => spec.tasks.map(({ corpus }) => [corpus.fingerprint, corpus.name] as const)),
  );
  return {
    title: 'Inputs',
    columns: ['input', 'name', 'from', 'SHA-256'],
    rows: [
      ...[...corpora].map(([digest, name]) => ['corpus', name, '', digest]),
      ...models.map(({ name, source, fingerprint: digest }) => {
        const from = source === undefined ? '' : `${source.repository} at ${source.commit}`;
        return ['model', name, from, digest];
      }),
    ],
    notes: [
      'Of a corpus: its sentences and mentions by split, whatever its files are called. Of a model: its configuration, tokenizer and every weight.',
    ],
  };
}

function runSection({ runs, models }: ResultFile, machines: ReadonlyMap<string, number>): SheetSection {
  const layers = new Map(models.map((model) => [model.id, model.layers]));
  const rows = runs.map((run) => {
    const { spec, status, environments, interruptions } = run;
    const used = environments.map((one) => machines.get(JSON.stringify(machineCells(one))) ?? 0);
    return [
      spec.id,
      variantOfSpec(spec, layers.get(spec.model.id)),
      spec.tasks.map(({ corpus, type }) => `${corpus.name} · ${type ?? 'all types'}`).join(', '),
      String(spec.seed),
      String(spec.round),
      neededRuns(spec).join(', ') || '–',
      used.join(', ') || '–',
      String(interruptions?.length ?? 0),
      status === 'finished' ? fingerprint(outcomeOf(run)).slice(0, 16) : status,
    ];
  });
  return {
    title: 'Runs',
    columns: ['id', 'method', 'tasks', 'seed', 'round', 'starts from', 'machines', 'failures', 'outcome'],
    rows,
    notes: [
      'The id is made of everything that decides what the run does: method, inputs, seed, settings, and the run that it starts from.',
      'Outcome: a digest of every loss, gradient norm, rate and score of the record, without times. Equal outcomes of two trainings of a run mean equal numbers.',
    ],
  };
}

function equalitySection({ runs }: ResultFile): SheetSection {
  const moved = runs.filter(({ environments }) => environments.length > 1).length;
  const mixed = runs.filter(({ environments }) => environments.some(({ precision }) => precision === 'mixed')).length;
  const trained = runs.filter(({ environments }) => environments.length > 0).length;
  return {
    title: 'What is equal to the bit where',
    columns: ['between', 'equal', 'shown by'],
    rows: EQUALITY,
    notes: [
      moved === 0
        ? `Each of the ${trained} trained runs was trained in one environment: on that machine it can be trained again to the same bits.`
        : `${moved} of ${trained} trained runs went on in another environment (version, device, threads or browser): where only the number of threads changed, the bits are those of one; else their outcome can be had again only by the same moves.`,
      mixed === 0 ? 'All runs are in f32.' : `${mixed} runs are in mixed precision.`,
    ],
  };
}

/** The sheet as Markdown. */
export function sheetMarkdown(file: ResultFile): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const sections = reproducibilitySheet(file).flatMap(({ title, columns, rows, notes }) => [
    `## ${title}`,
    [line(columns), line(columns.map(() => '---')), ...rows.map((cells) => line(cells.map(cellMarkdown)))].join('\n'),
    notes.map((note) => `- ${note}`).join('\n'),
  ]);
  return `${[`# Reproducibility: ${markdownText(file.plan.name)}`, ...sections].join('\n\n')}\n`;
}

/** Escapes what Markdown or HTML would interpret in names; the words of this file have code in backquotes. */
function cellMarkdown(cell: string): string {
  if (EQUALITY.some((row) => row.includes(cell))) return cell;
  return cell.replace(/\s+/gu, ' ').replace(/[\\`*_[\]<>|~]/g, '\\$&');
}

/** The sheet as a part of a page: folded, because it is long. */
export function sheetHtml(file: ResultFile): Html {
  return html`<h2>Reproducibility</h2>
    ${reproducibilitySheet(file).map(
      ({ title, columns, rows, notes }) =>
        html`<details>
          <summary>${title}</summary>
          <div class="wide">
            <table aria-label="${title}">
              <thead>
                <tr>
                  ${columns.map((name) => html`<th scope="col">${name}</th>`)}
                </tr>
              </thead>
              <tbody>
                ${rows.map(
                  (cells) =>
                    html`<tr>
                      ${cells.map((cell) => html`<td class="name">${cell.replaceAll('`', '')}</td>`)}
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>
          <ul>
            ${notes.map((note) => html`<li>${note}</li>`)}
          </ul>
        </details>`,
    )}`;
}
