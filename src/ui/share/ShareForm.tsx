// Makes a page of runs that opens anywhere: asks for a title and the author's words, saves one HTML file, and copies a link where the result fits.
import { useState } from 'react';
import type { PageAnalyses, PageWords } from '../../lab/share/sharedPage.ts';
import type { Lab } from '../../lab/state/labState.ts';
import type { ResultFile } from '../../schema/resultFile.ts';
import { LabError } from '../../util/labError.ts';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { format } from '../shared/format.ts';
import { saveFile } from '../shared/saveFile.ts';
import { useLabActions } from '../shared/useLab.ts';
import { hasShapeOf, useDraft } from '../shared/viewState.ts';
import './share.css';

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
