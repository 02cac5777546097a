// Lists experiments, the queue and all runs, and the result files that were imported.
import { useDeferredValue, useMemo, useState } from 'react';
import { isSampleCorpus } from '../../data/catalogue/samples.ts';
import type { Comparison } from '../../lab/comparison/comparison.ts';
import { REPORTED_COLUMNS, reportedScoresCsv } from '../../lab/library/scoreTables.ts';
import type { ImportedResult } from '../../lab/state/labState.ts';
import { variantName } from '../../lab/state/runViews.ts';
import type { Description } from '../../schema/libraryRecord.ts';
import type { ReportedScore } from '../../schema/resultFile.ts';
import { AwakeSwitch } from '../parts/BackendPanel.tsx';
import { Button, Meter, RemoveButton } from '../parts/Button.tsx';
import { DescribeActions, TagList } from '../parts/Description.tsx';
import { DropZone } from '../parts/DropZone.tsx';
import { StorageFull, UnreadableList } from '../parts/StorageTable.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { ListFilter, StatusMark } from '../runs/ListFilter.tsx';
import { QueuePanel } from '../runs/QueuePanel.tsx';
import { RunsTable } from '../runs/RunsTable.tsx';
import { filteredLines, filterNames, filterOf, filterTexts } from '../runs/runList.ts';
import { SelectionActions } from '../share/ShareForm.tsx';
import { useInAddress } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { taskRefName, useDescriptions } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { useLab, useLabActions, useRunRecords } from '../shared/useLab.ts';
import {
  bestOn,
  droppedRuns,
  experimentSettings,
  experimentSubject,
  methodsText,
  progressOf,
  usePool,
} from './experiments.ts';

export function ExperimentsPage() {
  const records = useRunRecords();
  const queue = useLab((state) => state.queue);
  const results = useLab((state) => state.results);
  const comparisons = usePool()?.comparisons;
  const dropped = useMemo(
    () => droppedRuns([...records, ...results.flatMap(({ file }) => file.runs)]),
    [records, results],
  );
  return (
    <>
      <h1>Experiments</h1>
      <p className="soft">Follow training runs, compare methods, analyse errors, and share results.</p>
      <StorageFull />
      <UnreadableList kind="run" />
      <UnreadableList kind="result" />
      {comparisons === undefined ? (
        <p className="soft">Comparing runs …</p>
      ) : comparisons.length === 0 ? (
        <p className="soft">
          Nothing has been trained yet. <a href="#/">Train on a sample</a>, plan STL, MTL-XC and MTL-LS on your own
          corpora, or drop a result file.
        </p>
      ) : (
        <ExperimentsTable experiments={comparisons} dropped={dropped} />
      )}
      <QueuePanel />
      {records.length > 0 && (
        <section aria-labelledby="runs-title">
          <h2 id="runs-title">Runs</h2>
          <AwakeSwitch />
          <RunsTable
            label="Runs"
            records={records}
            own
            queue={queue}
            hrefOf={(runId) => routeHref({ page: 'run', runId })}
            actions={(runIds, usualName) => <SelectionActions runIds={runIds} usualName={usualName} />}
          />
          <p className="soft">
            F1 in percent, as computed by conlleval: devel F1 of the selected snapshot, or of the latest epoch while
            training; test F1 of the selected snapshot.
          </p>
        </section>
      )}
      <section aria-labelledby="imported-title">
        <h2 id="imported-title">Result files</h2>
        <DropZone folder={false}>
          <strong>Drop a result file</strong> to see its runs beside your own. A file that was changed after export is
          rejected.
        </DropZone>
        {results.length > 0 && <ResultsTable results={results} />}
      </section>
      <ReportedSection />
    </>
  );
}

interface ExperimentLine {
  readonly experiment: Comparison;
  readonly description: Description;
  readonly subject: string;
  readonly searched: string;
}

const FILTER_NAMES = filterNames('');

interface ExperimentsTableProps {
  readonly experiments: readonly Comparison[];
  /** Ids of runs that a search dropped. */
  readonly dropped: ReadonlySet<string>;
}

function ExperimentsTable({ experiments, dropped }: ExperimentsTableProps) {
  const of = useDescriptions('experiments');
  const [texts, setTexts] = useInAddress('experiments/filter', FILTER_NAMES);
  const filter = useMemo(() => filterOf(texts, ''), [texts]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const lines = useMemo(
    () =>
      experiments.map((experiment): ExperimentLine => {
        const description = of(experiment.id);
        const subject = experimentSubject(experiment);
        const { name = '', notes = '', tags = [] } = description;
        const tasks = experiment.tasks.map(({ task }) => taskRefName(task));
        const searched = [name, subject, experimentSettings(experiment), ...tasks, ...tags, notes]
          .join('\n')
          .toLowerCase();
        return { experiment, description, subject, searched };
      }),
    [experiments, of],
  );
  const sought = useDeferredValue(filter);
  const found = useMemo(() => filteredLines(lines, sought), [lines, sought]);
  const chosen = lines.filter(({ experiment }) => selected.has(experiment.id));
  const select = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    setSelected(next);
  };
  return (
    <div className="stack">
      <div className="table-tools">
        <ListFilter
          label="Experiments"
          placeholder="Filter by task, model, tag …"
          lines={lines}
          filter={filter}
          onFilter={(next) => setTexts(filterTexts(next, ''))}
        />
        {found.length < lines.length && (
          <span className="soft" role="status">
            {format.count(found.length)} of {format.counted(lines.length, 'experiment')}
          </span>
        )}
        {chosen.length > 0 && (
          <div className="actions" role="group" aria-label="Selected experiments">
            <DescribeActions
              kind="experiments"
              ids={chosen.map(({ experiment }) => experiment.id)}
              usualName={chosen[0]?.subject ?? ''}
            />
          </div>
        )}
      </div>
      <TableBox label="Experiments" className="experiments">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">Select</span>
            </th>
            <th scope="col">Experiment</th>
            <th scope="col">Status</th>
            <th scope="col" className="wide-only">
              Runs finished
            </th>
            <th scope="col" className="wide-only">
              Methods
            </th>
            <th scope="col">Best test F1</th>
          </tr>
        </thead>
        <tbody>
          {found.map((line) => (
            <ExperimentRow
              key={line.experiment.id}
              line={line}
              dropped={dropped}
              selected={selected.has(line.experiment.id)}
              onSelect={() => select(line.experiment.id)}
            />
          ))}
        </tbody>
      </TableBox>
      {found.length === 0 && <p className="soft">No experiment matches the filter.</p>}
    </div>
  );
}

interface ExperimentRowProps {
  readonly line: ExperimentLine;
  readonly dropped: ReadonlySet<string>;
  readonly selected: boolean;
  readonly onSelect: () => void;
}

function ExperimentRow({
  line: { experiment, description, subject },
  dropped,
  selected,
  onSelect,
}: ExperimentRowProps) {
  const best = useMemo(() => experiment.tasks.flatMap((task) => bestOn(task) ?? []), [experiment]);
  const { status, finished, trained, left } = useMemo(() => progressOf(experiment, dropped), [experiment, dropped]);
  const name = description.name ?? subject;
  const details = [
    ...(name === subject ? [] : [subject]),
    ...(experiment.category === null ? [] : [format.counted(experiment.tasks.length, 'task')]),
    experimentSettings(experiment),
    ...(experiment.tasks.every(({ task }) => isSampleCorpus(task.corpus)) ? ['samples, invented sentences'] : []),
  ];
  const [top] = best;
  return (
    <tr>
      <td>
        <input type="checkbox" aria-label={`Select experiment ${name}`} checked={selected} onChange={onSelect} />
      </td>
      <th scope="row">
        <a href={routeHref({ page: 'experiment', experimentId: experiment.id, view: 'overview', task: 1 })}>{name}</a>
        <div className="field-help">{details.join(' · ')}</div>
        {description.archived === true && <span className="tag">archived</span>}
        <TagList tags={description.tags} />
      </th>
      <td>
        <StatusMark status={status} />
      </td>
      <td className="nowrap wide-only">
        <span className="progress-cell">
          <Meter label={`Finished runs of ${name}`} done={finished} total={trained} />
          <span className="number">
            {format.count(finished)} of {format.count(trained)}
          </span>
        </span>
        {left > 0 && <div className="field-help">{format.count(left)} dropped by the search</div>}
      </td>
      <td className="wide-only">{methodsText(experiment)}</td>
      <td>
        {top === undefined ? (
          <span className="faint">–</span>
        ) : (
          <>
            <strong>{format.percent(top.f1)}</strong> {variantName(top.variant)}
            {best.length > 1 && <span className="faint"> and {format.counted(best.length - 1, 'other task')}</span>}
          </>
        )}
      </td>
    </tr>
  );
}

function ResultsTable({ results }: { readonly results: readonly ImportedResult[] }) {
  const lab = useLabActions();
  return (
    <TableBox label="Result files">
      <thead>
        <tr>
          <th scope="col">Plan</th>
          <th scope="col">File</th>
          <th scope="col" className="number">
            Runs
          </th>
          <th scope="col" className="wide-only">
            Exported
          </th>
          <ActionsHead />
        </tr>
      </thead>
      <tbody>
        {results.map(({ id, fileName, file }) => (
          <tr key={id}>
            <th scope="row">
              <a href={routeHref({ page: 'resultFile', resultId: id })}>{file.plan.name}</a>
            </th>
            <td>{fileName}</td>
            <td className="number">{format.count(file.runs.length)}</td>
            <td className="soft nowrap wide-only">
              {format.moment(file.exportedAt)} by {file.software}
            </td>
            <td className="number">
              <RemoveButton
                subject={`result file ${fileName}`}
                loss={
                  <p>
                    {format.counted(file.runs.length, 'run')} will no longer be shown here. The original file is not
                    affected.
                  </p>
                }
                onRemove={() => lab.removeResult(id)}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

/** Scores of papers and other programs that were read from tables, and the form of such a table. */
function ReportedSection() {
  const lab = useLabActions();
  const reported = useLab((state) => state.reported);
  return (
    <section aria-labelledby="reported-title">
      <h2 id="reported-title">Reported figures</h2>
      <p className="soft">
        To compare with a paper or another program, drop a CSV file with a line for each score and the columns{' '}
        <code>{REPORTED_COLUMNS.join(', ')}</code>: scores in percent, the task as its corpus and type are named here.
        Its figures are shown beside yours, labelled as reported, and take no part in any test.
      </p>
      <div className="actions">
        <Button
          onAct={() => saveFile('reported.scores.csv', new Blob([reportedScoresCsv([EXAMPLE])], { type: 'text/csv' }))}
        >
          Save an example
        </Button>
      </div>
      {reported.length > 0 && (
        <TableBox label="Reported figures">
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col" className="number">
                Scores
              </th>
              <th scope="col">Systems</th>
              <ActionsHead />
            </tr>
          </thead>
          <tbody>
            {reported.map(({ id, fileName, scores }) => (
              <tr key={id}>
                <th scope="row">{fileName}</th>
                <td className="number">{format.count(scores.length)}</td>
                <td>{[...new Set(scores.map(({ name }) => name))].slice(0, MOST_SYSTEMS).join(', ')}</td>
                <td className="number">
                  <RemoveButton
                    subject={`reported figures ${fileName}`}
                    loss={<p>The figures will no longer be shown. The original file is not affected.</p>}
                    onRemove={() => lab.removeReported(id)}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </TableBox>
      )}
    </section>
  );
}

const MOST_SYSTEMS = 8;
const EXAMPLE: ReportedScore = {
  name: 'BioBERT',
  method: 'STL',
  rate: null,
  task: 'NCBI-disease',
  precision: null,
  recall: null,
  f1: 89.36,
  source: 'Lee et al. 2020',
};

/** The runs of one result file. */
export function ResultFilePage({ result }: { readonly result: ImportedResult }) {
  const { file, fileName, id } = result;
  return (
    <>
      <p className="crumb">
        <a href="#/experiments">Experiments</a>
      </p>
      <h1>{file.plan.name}</h1>
      <p className="soft">
        The runs of a result file: {fileName}, exported {format.moment(file.exportedAt)} by {file.software}. They take
        part in Experiments beside your own.
      </p>
      <RunsTable
        label={`Runs of ${fileName}`}
        records={file.runs}
        own={false}
        queue={[]}
        hrefOf={(runId) => routeHref({ page: 'importedRun', resultId: id, runId })}
        actions={(runIds, usualName) => <SelectionActions runIds={runIds} usualName={usualName} />}
      />
    </>
  );
}
