// Shows imported result files, and exports selected runs as one.
import { useState } from 'react';
import type { ImportedResult } from '../../lab/state/labState.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import { MergeNotes } from '../compare/ComparisonTableView.tsx';
import { Button } from '../parts/Button.tsx';
import { DropZone } from '../parts/DropZone.tsx';
import { RemoveButton } from '../parts/RemoveButton.tsx';
import { UnreadableList } from '../parts/UnreadableList.tsx';
import { RunsTable } from '../runs/RunsTable.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { methodName, runName } from '../shared/runName.ts';
import { downloadJson } from '../shared/saveFile.ts';
import { useLab, useLabActions, useRunRecords } from '../shared/useLab.ts';
import { useLayers, usePool } from '../shared/usePool.ts';
import { ShareFold } from '../share/ShareForm.tsx';
import { LONGEST_LINK, resultAddress } from './resultLink.ts';

export function ResultsPage() {
  const results = useLab((state) => state.results);
  const records = useRunRecords();
  const { merged } = usePool();
  return (
    <>
      <h1>Results</h1>
      <p className="soft">Open result files, and export runs as a file or a link to share them.</p>
      <DropZone folder={false}>
        <strong>Drop a result file</strong> to view its runs like your own. A file that was changed after export is rejected. <a href="#/compare">Compare</a> shows the runs of several files next to your own.
      </DropZone>
      <MergeNotes merged={merged} />
      <section aria-labelledby="imported-title">
        <h2 id="imported-title">Result files</h2>
        <UnreadableList kind="result" />
        {results.length === 0 && <p className="soft">No result files have been imported.</p>}
        {results.map((result) => (
          <ImportedRuns key={result.id} result={result} />
        ))}
      </section>
      <section aria-labelledby="export-title">
        <h2 id="export-title">Export runs</h2>
        {records.length === 0 ? <p className="soft">There are no runs yet.</p> : <ExportRuns records={records} />}
      </section>
    </>
  );
}

function ImportedRuns({ result }: { readonly result: ImportedResult }) {
  const lab = useLabActions();
  const { file, fileName } = result;
  return (
    <div className="result">
      <div className="title-row">
        <div>
          <h3>{file.plan.name}</h3>
          <p className="soft">
            {fileName} · exported {format.moment(file.exportedAt)} by {file.software}
          </p>
        </div>
        <RemoveButton
          subject={`result file ${fileName}`}
          loss={
            <p>
              {format.counted(file.runs.length, 'run')} will no longer be shown here. The original file is not affected.
            </p>
          }
          onRemove={() => lab.removeResult(result.id)}
        />
      </div>
      <RunsTable
        label={`Runs of ${fileName}`}
        records={file.runs}
        own={false}
        queue={[]}
        hrefOf={(runId) => routeHref({ page: 'importedRun', resultId: result.id, runId })}
      />
      <ShareFold fileOf={() => file} linkOf={resultAddress} planName={file.plan.name} />
    </div>
  );
}

function ExportRuns({ records }: { readonly records: readonly RunRecord[] }) {
  const lab = useLabActions();
  const layersOf = useLayers();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [copied, setCopied] = useState('');
  const runIds = records.map(({ spec }) => spec.id).filter((id) => chosen.has(id));
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
  const turn = (runId: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(runId);
    else next.delete(runId);
    setChosen(next);
  };
  return (
    <>
      <RunsTable
        label="Runs to export"
        records={records}
        own
        queue={[]}
        hrefOf={(runId) => routeHref({ page: 'run', runId })}
        leading={{
          name: 'Export',
          cell: ({ spec }) => (
            <input
              type="checkbox"
              aria-label={`Export ${runName(spec)}, ${spec.method === 'STL' ? '' : `${methodName(spec, layersOf(spec.model.id))}, `}seed ${spec.seed}`}
              checked={chosen.has(spec.id)}
              onChange={(event) => turn(spec.id, event.target.checked)}
            />
          ),
        }}
      />
      <div className="actions">
        <Button
          disabled={runIds.length === 0}
          onAct={async () => downloadJson('bioner-lab.result.json', await exported())}
        >
          {runIds.length === 0 ? 'Export selected runs' : `Export ${format.counted(runIds.length, 'run')} as one file`}
        </Button>
        <Button disabled={runIds.length === 0} onAct={copyLink}>
          Copy as link
        </Button>
        <span className="soft" aria-live="polite">
          {copied === runIds.join() && copied !== '' ? 'Copied: the link contains the result itself.' : ''}
        </span>
        <button type="button" className="link" onClick={() => setChosen(new Set(finishedIds(records)))}>
          Select all finished runs
        </button>
      </div>
      {runIds.length > 0 && <ShareFold fileOf={exported} linkOf={resultAddress} planName="results" />}
    </>
  );
}

function finishedIds(records: readonly RunRecord[]): readonly string[] {
  return records.filter(({ status }) => status === 'finished').map(({ spec }) => spec.id);
}
