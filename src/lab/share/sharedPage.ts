// Makes a page of a result file that opens anywhere: one HTML file with its charts, verdict, tables and settings, and the file itself.
import type { AskedDifference } from '../../analysis/questions/askedDifference.ts';
import { sampleRemark } from '../../data/catalogue/samples.ts';
import type { PackedCounts } from '../../metrics/scores/packedCounts.ts';
import type { ErrorTotals } from '../../metrics/significance/errorTotals.ts';
import type { Significance } from '../../metrics/significance/significance.ts';
import type { DescribedKind } from '../../schema/descriptions.ts';
import type { ResultFile } from '../../schema/resultFile.ts';
import { fingerprint } from '../../util/digest.ts';
import { ownValue } from '../../util/validate.ts';
import { html, Html, paragraphs, RESULT_MARK, resultBlock, stillPagePolicy } from '../../util/html.ts';
import { buildComparisons, type Comparison, type TaskComparison } from '../comparison/comparison.ts';
import { comparisonTables } from '../comparison/comparisonTables.ts';
import { variantName } from '../state/methodNames.ts';
import { baselinesOf, differenceFamily, isVariant } from '../comparison/differenceFamily.ts';
import {
  distinctionOf,
  findingText,
  leftOutText,
  missingText,
  verdictSentence,
  type TestedDifference,
} from '../comparison/differenceWords.ts';
import { publishedScores } from '../comparison/publishedScores.ts';
import { variantMean } from '../comparison/variantSpread.ts';
import { develChart, rateChart, rateRules } from './comparisonCharts.ts';
import { pageStyle } from './pageStyle.ts';
import { comparisonTable, differenceTable, runTable, type RunRow } from './pageTables.ts';
import { citeSection, dataSection, settingsSection, versionsSection } from './planFacts.ts';
import { sheetHtml } from './reproducibility.ts';
import { drawChart } from './staticChart.ts';

/** What its author adds to a page. */
export interface PageWords {
  readonly title: string;
  /** Shown as they are, line breaks included; never as HTML. */
  readonly words: string;
  /** Address that opens the result in a lab; null if there is none that others can open. */
  readonly link: string | null;
}

/** Answers that take a while, as the analysis worker gives them. */
export interface PageAnalyses {
  significance(differences: readonly AskedDifference[]): Promise<readonly Significance[]>;
  errorTotals(counts: readonly PackedCounts[]): Promise<readonly ErrorTotals[]>;
}

/** Makes the page. It contains nothing but what is in the file and the author's words. Rejects as the analyses do. */
export async function sharedPage(file: ResultFile, words: PageWords, analyses: PageAnalyses): Promise<string> {
  const layers = new Map(file.models.map((model) => [model.id, model.layers]));
  const comparisons = buildComparisons(file.runs, (modelId) => layers.get(modelId));
  const sections: Html[] = [];
  for (const comparison of comparisons) {
    const heading = comparisons.length > 1 ? headingOf(comparison, file) : 'Finding';
    sections.push(await comparisonSection(comparison, heading, analyses));
  }
  const remark = sampleRemark(file.runs.flatMap(({ spec }) => spec.tasks.map(({ corpus }) => corpus)));
  const given = comparisons.length === 1 ? givenName(file, 'experiments', comparisons[0]?.id) : undefined;
  const title = words.title.trim() || (given ?? file.plan.name);
  const tasks = comparisons.flatMap((comparison) => comparison.tasks);
  const body = html`<main>
      <h1>${title}</h1>
      ${remark === null ? null : html`<p>${remark}</p>`}
      <p class="soft">${file.plan.name} · ${file.software} · ${file.exportedAt.slice(0, 10)}</p>
      ${words.words.trim() === '' ? null : html`<div class="words">${paragraphs(words.words)}</div>`} ${sections}
      <h2>Runs</h2>
      ${runTable(await runRows(file, layers, analyses))} ${settingsSection(file)} ${dataSection(file)}
      ${versionsSection(file)} ${sheetHtml(file)} ${citeSection(file, title)} ${reopenSection(words.link)}
    </main>
    ${resultBlock(JSON.stringify(file))}`;
  const style = `${pageStyle}\n${rateRules(tasks)}\n`;
  return pageOf(title, style, body).markup;
}

function pageOf(title: string, style: string, body: Html): Html {
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="${stillPagePolicy(fingerprint(new TextEncoder().encode(style)))}"
        />
        ${RESULT_MARK}
        <meta name="referrer" content="no-referrer" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${new Html(`<style>${style}</style>`)}
      </head>
      <body>
        ${body}
      </body>
    </html> `;
}

/** What its author called a run or an experiment; undefined where nothing was said. */
function givenName({ descriptions }: ResultFile, kind: DescribedKind, id: string | undefined): string | undefined {
  return id === undefined || descriptions === undefined ? undefined : ownValue(descriptions[kind], id)?.name;
}

/** Heads a comparison: by the name that it was given, else by its category or corpora and its model. */
export function headingOf(comparison: Comparison, file: ResultFile): string {
  const name = comparison.category?.name ?? comparison.tasks.map(({ task }) => task.corpus.name).join(', ');
  return givenName(file, 'experiments', comparison.id) ?? `${name} · ${comparison.model.name}`;
}

/** Verdict, charts and tables of runs that can be compared. */
async function comparisonSection(comparison: Comparison, heading: string, analyses: PageAnalyses): Promise<Html> {
  const { tested, left, baseline, distinction } = await testedDifferences(comparison, analyses);
  const tables = comparisonTables(comparison, publishedScores, distinction);
  const isScored = comparison.tasks.some(({ variants }) =>
    variants.some(({ trainings }) => trainings.some(({ test }) => test !== null)),
  );
  const charts = comparison.tasks.map((task) => {
    const drawn = [rateChart(task), develChart(task)].flatMap((chart) => (chart && drawChart(chart)) ?? []);
    const heading =
      comparison.tasks.length > 1 ? html`<h3>${task.task.corpus.name} · ${task.task.type ?? 'all types'}</h3>` : null;
    return drawn.length === 0
      ? html``
      : html`${heading}
          <div class="charts">${drawn}</div>`;
  });
  return html`<h2>${heading}</h2>
    ${comparison.tasks.flatMap((task) => taskVerdict(task, tested, baseline) ?? [])}
    <p>
      ${tested.length > 0 ? findingText(tested, baseline) : left === null ? 'No difference was tested: it takes two methods on the same task with the same seed.' : 'No difference was tested.'}
    </p>
    ${left === null ? null : html`<p class="soft">${left}</p>`} ${charts}
    ${
      tested.length === 0
        ? null
        : html`<h3>Differences from ${baseline}</h3>
            ${differenceTable(tested, baseline)}`
    }
    ${isScored ? tables.map(comparisonTable) : html`<p class="soft">No run has scores on test yet.</p>`}`;
}

/** Says which variant is best on a task, and whether its difference from the baseline is more than noise; null without a score on test. */
function taskVerdict(task: TaskComparison, tested: readonly TestedDifference[], baseline: string): Html | null {
  const scored = task.variants.flatMap((variant) => {
    const f1 = variantMean(variant, 'test', 'f1');
    return f1 === null ? [] : [{ variant, f1 }];
  });
  const [first] = scored;
  if (first === undefined) return null;
  const best = scored.reduce((most, one) => (one.f1 > most.f1 ? one : most), first);
  const name = variantName(best.variant);
  const found = tested.find(({ difference }) => difference.variant === best.variant)?.found;
  const sentence = found && html` ${verdictSentence(name, baseline, found)} ${missingText(found.verdict)}`;
  return html`<p>
    <strong
      >Best on ${task.task.corpus.name} · ${task.task.type ?? 'all types'}: ${name}, test F1
      ${best.f1.toFixed(2)}.</strong
    >${sentence ?? null}
  </p>`;
}

/** Tests all differences from STL, or from the first variant there is. */
export async function testedDifferences(comparison: Comparison, analyses: PageAnalyses) {
  const baselines = baselinesOf(comparison);
  const stl = baselines.find((one) => isVariant(one, { method: 'STL', layers: null }));
  const reference = stl ?? baselines[0] ?? { method: 'STL', layers: null, rate: null };
  const baseline = variantName(reference);
  const family = differenceFamily(comparison, reference, { corpora: [], runs: new Set() });
  const found = family.differences.length === 0 ? [] : await analyses.significance(family.differences.map(({ asked }) => asked)); // prettier-ignore
  const tested = family.differences.flatMap((difference, index): TestedDifference[] => {
    const one = found[index];
    return one === undefined ? [] : [{ difference, found: one }];
  });
  // The tables mark what differs from STL.
  const distinction = stl === undefined || tested.length === 0 ? null : distinctionOf(family, found);
  return { tested, left: leftOutText(family.leftOut, baseline), baseline, distinction };
}

async function runRows(
  file: ResultFile,
  layers: ReadonlyMap<string, number>,
  analyses: PageAnalyses,
): Promise<readonly RunRow[]> {
  const rows = file.runs.flatMap((run) => {
    const counts = run.snapshots.find(({ epoch }) => epoch === run.selectedEpoch)?.testCounts;
    return run.spec.tasks.map((_, task) => ({ run, task, counts: counts?.[task] ?? null }));
  });
  const known = rows.flatMap(({ counts }) => counts ?? []);
  const totals = known.length === 0 ? [] : await analyses.errorTotals(known);
  let next = 0;
  return rows.map(({ run, task, counts }) => {
    return {
      run,
      task,
      totals: counts === null ? null : (totals[next++] ?? null),
      layers: layers.get(run.spec.model.id) ?? null,
      name: givenName(file, 'runs', run.spec.id) ?? null,
    };
  });
}

function reopenSection(link: string | null): Html {
  const isAddress = link !== null && /^https?:\/\//.test(link);
  return html`<section class="screen">
    <h2>Open it in the lab</h2>
    <p>
      Drop this file on the page of BioNER Lab: it carries its result file, whose checksum shows that nothing in it was
      changed. There its curves, differences and tables can be looked at, and its plan trained again.
    </p>
    ${isAddress ? html`<p><a href="${link}" rel="noreferrer">Open this result in the lab it came from</a></p>` : null}
  </section>`;
}
