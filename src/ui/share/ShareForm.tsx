// Shares runs: as one result file, as a link that contains it, as a plan to train again, or as a page that opens anywhere.
import { useState } from 'react';
import type { Comparison } from '../../lab/comparison/comparison.ts';
import { scoresOf } from '../../lab/comparison/comparisonCurves.ts';
import { reportedScoresCsv } from '../../lab/library/scoreTables.ts';
import type { PageAnalyses } from '../../lab/share/pageTables.ts';
import type { PageWords } from '../../lab/share/sharedPage.ts';
import type { Lab } from '../../lab/state/labState.ts';
import type { ResultFile } from '../../schema/resultFile.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import { Button } from '../parts/Button.tsx';
import { DescribeActions } from '../parts/Description.tsx';
import { Field } from '../parts/Field.tsx';
import { format } from '../shared/format.ts';
import { CURVES_OF, routeHref } from '../shared/route.ts';
import { downloadJson, saveFile } from '../shared/saveFile.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { hasShapeOf, useDraft } from '../shared/viewState.ts';
import { LONGEST_LINK, resultAddress } from './OpenPage.tsx';
import './share.css';

// Makes a page of runs that opens anywhere: asks for a title and the author's words, saves one HTML file, and copies a link where the result fits.

export interface ShareFormProps {
  /** Makes the result file of the runs; may throw, as for runs of several plans. */
  readonly fileOf: () => Promise<ResultFile> | ResultFile;
  /** The address that contains a result file; null if it would be too long. */
  readonly linkOf: (file: ResultFile) => Promise<string | null>;
  /** What the page is called without a title. */
  readonly planName: string;
  /** Names what is shared: title and words are kept under it while the tab is open. */
  readonly draftKey: string;
}

interface ShareDraft {
  readonly title: string;
  readonly words: string;
}

const EMPTY: ShareDraft = { title: '', words: '' };

const isShareDraft = (stored: unknown): stored is ShareDraft => stored !== null && hasShapeOf(EMPTY, stored);

function useShareDraft(draftKey: string) {
  return useDraft(`share/${draftKey}`, () => EMPTY, isShareDraft);
}

export function ShareForm({ fileOf, linkOf, planName, draftKey }: ShareFormProps) {
  const lab = useLabActions();
  const [draft, setDraft] = useShareDraft(draftKey);
  const { title, words } = draft;
  const [outcome, setOutcome] = useState('');
  const savePage = async () => {
    setOutcome('Testing the differences and drawing the page …');
    try {
      const file = await fileOf();
      // An address of this machine means nothing to others.
      const link = isLocal(window.location.hostname) ? null : await linkOf(file);
      const page = await pageFile(lab, file, { title, words, link });
      saveFile(`${format.fileName(title.trim() || planName) || 'results'}.html`, page);
      setOutcome(`Saved: one file of ${format.bytes(page.size)}, which opens without the lab and without network.`);
    } catch (error) {
      setOutcome('');
      throw error;
    }
  };
  const copyLink = async () => {
    const address = await linkOf(await fileOf());
    if (address === null) {
      throw new LabError('link/too-long', 'These runs are too large for a link: share the page or the result file.', {
        expected: 'a result that fits into an address',
      });
    }
    await navigator.clipboard.writeText(address);
    setOutcome('Copied: the link contains the result itself.');
  };
  return (
    <div className="share-form">
      <Field label="Title">
        {(control) => (
          <input
            {...control}
            type="text"
            value={title}
            placeholder={planName}
            onChange={(event) => setDraft({ ...draft, title: event.target.value })}
          />
        )}
      </Field>
      <Field label="Your words" help="Your question, your answer, what is left open. Shown above the verdict, as text.">
        {(control) => (
          <textarea
            {...control}
            rows={4}
            value={words}
            onChange={(event) => setDraft({ ...draft, words: event.target.value })}
          />
        )}
      </Field>
      <p className="soft">
        The page has the charts, the verdict, all tables, settings, versions and how to cite, and carries the result
        file: dropped on a lab, it opens there. It contains no sentence of a corpus.
      </p>
      <div className="actions">
        <Button kind="primary" onAct={savePage}>
          Save page
        </Button>
        <Button onAct={copyLink}>Copy link to this result</Button>
        <span className="soft" aria-live="polite">
          {outcome}
        </span>
      </div>
    </div>
  );
}

/** The page as a file. The code that makes it is loaded when it is needed. */
async function pageFile(lab: Lab, file: ResultFile, words: PageWords): Promise<Blob> {
  const { sharedPage } = await import('../../lab/share/sharedPage.ts');
  return new Blob([await sharedPage(file, words, analysesOf(lab))], { type: 'text/html' });
}

function isLocal(host: string): boolean {
  return host === '' || host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

function analysesOf(lab: Lab): PageAnalyses {
  return {
    significance: async (differences) => answered(await lab.analyse('significance', { differences }).answer),
    errorTotals: async (counts) => answered(await lab.analyse('errorTotals', counts).answer),
  };
}

/** Nothing cancels these analyses but the loss of the page. */
function answered<Answer>(answer: Answer | null): Answer {
  if (answer === null) throw new LabError('analysis/cancelled', 'The analysis was cancelled.');
  return answer;
}

/** Opens the form on request, and where something was written before; `isOpen`: from the start. */
export function ShareFold({ isOpen: isOpenAtFirst = false, ...props }: ShareFormProps & { readonly isOpen?: boolean }) {
  const [draft] = useShareDraft(props.draftKey);
  const [isOpen, setOpen] = useState(isOpenAtFirst || draft.title !== '' || draft.words !== '');
  return (
    <details className="fold share" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Share as a page</summary>
      {isOpen && <ShareForm key={props.draftKey} {...props} />}
    </details>
  );
}

// Saves finished runs: as a result file, a research object, a table of scores, or a plan to train again.

/** Runs whose curves fit in one chart and one address. */
const MOST_CURVES = 32;

interface SelectionActionsProps {
  readonly runIds: readonly string[];
  /** Name of the run where one is selected. */
  readonly usualName: string;
}

/** What can be done with selected runs: compare their curves and settings, describe, archive and share them. */
export function SelectionActions({ runIds, usualName }: SelectionActionsProps) {
  const few = runIds.length > 0 && runIds.length <= MOST_CURVES;
  return (
    <>
      <div className="actions" role="group" aria-label="Selected runs">
        {few ? (
          <a className="button strong" href={routeHref({ page: 'curves', ...CURVES_OF, runs: runIds })}>
            Compare curves and settings
          </a>
        ) : (
          <Button disabled onAct={() => undefined}>
            {runIds.length === 0 ? 'Compare curves and settings' : `Compare curves of at most ${MOST_CURVES} runs`}
          </Button>
        )}
        <DescribeActions kind="runs" ids={runIds} usualName={usualName} />
      </div>
      <ShareActions runIds={runIds} />
    </>
  );
}

interface ShareActionsProps {
  readonly runIds: readonly string[];
  /** The experiment whose runs these are; null for any that were selected. */
  readonly experimentId?: string | null;
}

/** Buttons for the runs that were chosen; disabled without any. */
export function ShareActions({ runIds, experimentId = null }: ShareActionsProps) {
  const lab = useLabActions();
  const [copied, setCopied] = useState('');
  const isOurs = useLab((state) => state.owner === 'here');
  const exported = async () => {
    // Runs of earlier versions get their counts now, where their predictions are stored.
    if (isOurs) await lab.countSentences(runIds);
    return lab.exportResult(runIds);
  };
  const copyLink = async () => {
    const address = await resultAddress(await exported());
    if (address === null) {
      throw new LabError('link/too-long', 'These runs are too large for a link: select fewer, or share the file.', {
        expected: `at most ${format.count(LONGEST_LINK)} characters`,
      });
    }
    await navigator.clipboard.writeText(address);
    setCopied(runIds.join());
  };
  const none = runIds.length === 0;
  return (
    <>
      <div className="actions">
        <Button disabled={none} onAct={async () => downloadJson('bioner-lab.result.json', await exported())}>
          {none ? 'Export selected runs' : `Export ${format.counted(runIds.length, 'run')} as one file`}
        </Button>
        <Button disabled={none} onAct={copyLink}>
          Copy as link
        </Button>
        <Button disabled={none} onAct={() => downloadJson('bioner-lab.plan.json', lab.exportPlan(runIds))}>
          Export plan
        </Button>
        <Button
          disabled={none}
          onAct={async () => {
            const { sheetMarkdown } = await import('../../lab/share/reproducibility.ts');
            saveFile('reproducibility.md', new Blob([sheetMarkdown(await exported())], { type: 'text/markdown' }));
          }}
        >
          Save reproducibility sheet
        </Button>
        <span className="soft" aria-live="polite">
          {copied === runIds.join() && copied !== '' ? 'Copied: the link contains the result itself.' : ''}
        </span>
      </div>
      {!none && (
        <ShareFold
          fileOf={exported}
          linkOf={resultAddress}
          planName="results"
          draftKey={experimentId ?? 'selected'}
          isOpen={experimentId !== null}
        />
      )}
    </>
  );
}

/** Loads the code when something is saved. */
const crates = () => import('../../lab/share/researchCrate.ts');
const archives = () => import('../../data/import/archive.ts');

/** Buttons for the finished runs of an experiment; disabled without any. */
function TakeElsewhere({ runIds }: { readonly runIds: readonly string[] }) {
  const lab = useLabActions();
  const isOurs = useLab((state) => state.owner === 'here');
  const none = runIds.length === 0;
  const saveScores = async () => {
    const { longScoresCsv } = await crates();
    const rows = longScoresCsv(lab.exportResult(runIds).runs);
    saveFile('bioner-lab.all-scores.csv', new Blob([rows], { type: 'text/csv' }));
  };
  const saveCrate = async () => {
    // Runs of earlier versions get their counts now, where their predictions are stored.
    if (isOurs) await lab.countSentences(runIds);
    const result = lab.exportResult(runIds);
    const [{ crateWords, researchCrate }, { writeArchive }] = await Promise.all([crates(), archives()]);
    const zip = writeArchive(await researchCrate(result, crateWords(result)));
    saveFile('bioner-lab.crate.zip', new Blob([zip], { type: 'application/zip' }));
  };
  return (
    <>
      <div className="actions" role="group" aria-label="For other programs">
        <Button disabled={none} onAct={saveScores}>
          Save all scores as CSV
        </Button>
        <Button disabled={none} onAct={saveCrate}>
          Save as RO-Crate
        </Button>
      </div>
      <p className="soft">
        All scores are one long table, a value a line: each run, epoch, task, split, entity type and metric. An RO-Crate
        is a zip of the result file and that table with metadata that archives such as Zenodo and WorkflowHub read; add
        the licence of your choice to its <code>ro-crate-metadata.json</code>.
      </p>
    </>
  );
}

/** Shares all finished runs of an experiment. */
interface ShareRunsProps {
  readonly records: readonly RunRecord[];
  readonly experiment: Comparison;
}

export function ShareRuns({ records, experiment }: ShareRunsProps) {
  const runIds = records.filter(({ status }) => status === 'finished').map(({ spec }) => spec.id);
  return (
    <section aria-labelledby="share-title">
      <h2 id="share-title">Share this experiment</h2>
      <p className="soft">
        A result file has the settings, scores and curves of its runs, with names, tags and notes, never a sentence.
        Dropped into the lab, or opened from the link, it shows the same charts and tables. A plan trains the same runs
        again.
      </p>
      {runIds.length === 0 && <p className="soft">No run is finished yet.</p>}
      <ShareActions runIds={runIds} experimentId={experiment.id} />
      <div className="actions">
        <Button
          disabled={runIds.length === 0}
          onAct={() => {
            const rows = reportedScoresCsv(scoresOf(experiment));
            saveFile('bioner-lab.scores.csv', new Blob([rows], { type: 'text/csv' }));
          }}
        >
          Save test scores as CSV
        </Button>
        <span className="soft">Another lab shows such a table as reported figures.</span>
      </div>
      <TakeElsewhere runIds={runIds} />
    </section>
  );
}
