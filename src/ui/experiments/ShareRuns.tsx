// Shares runs: as one result file, as a link that contains it, or as a plan to train again.
import { useState } from 'react';
import type { RunRecord } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import { Button } from '../parts/Button.tsx';
import { LONGEST_LINK, writeResultLink } from '../results/resultLink.ts';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { downloadJson } from '../shared/saveFile.ts';
import { useLabActions } from '../shared/useLab.ts';

/** Buttons for the runs that were chosen; disabled without any. */
export function ShareActions({ runIds }: { readonly runIds: readonly string[] }) {
  const lab = useLabActions();
  const [copied, setCopied] = useState('');
  const copyLink = async () => {
    const packed = await writeResultLink(JSON.stringify(lab.exportResult(runIds)));
    if (packed.length > LONGEST_LINK) {
      throw new LabError('link/too-long', 'These runs are too large for a link: select fewer, or share the file.', {
        expected: `at most ${format.count(LONGEST_LINK)} characters`,
        got: format.count(packed.length),
      });
    }
    const address = new URL(routeHref({ page: 'open', result: packed }), window.location.href);
    await navigator.clipboard.writeText(address.href);
    setCopied(runIds.join());
  };
  const none = runIds.length === 0;
  return (
    <div className="actions">
      <Button disabled={none} onAct={() => downloadJson('bioner-lab.result.json', lab.exportResult(runIds))}>
        {none ? 'Export selected runs' : `Export ${format.counted(runIds.length, 'run')} as one file`}
      </Button>
      <Button disabled={none} onAct={copyLink}>
        Copy as link
      </Button>
      <Button disabled={none} onAct={() => downloadJson('bioner-lab.plan.json', lab.exportPlan(runIds))}>
        Export plan
      </Button>
      <span className="soft" aria-live="polite">
        {copied === runIds.join() && copied !== '' ? 'Copied: the link contains the result itself.' : ''}
      </span>
    </div>
  );
}

/** Shares all finished runs of an experiment. */
export function ShareRuns({ records }: { readonly records: readonly RunRecord[] }) {
  const runIds = records.filter(({ status }) => status === 'finished').map(({ spec }) => spec.id);
  return (
    <section aria-labelledby="share-title">
      <h2 id="share-title">Share this experiment</h2>
      <p className="soft">
        A result file has the settings, scores and curves of its runs, never a sentence. Dropped into the lab, or opened
        from the link, it shows the same charts and tables. A plan trains the same runs again.
      </p>
      {runIds.length === 0 && <p className="soft">No run is finished yet.</p>}
      <ShareActions runIds={runIds} />
    </section>
  );
}
