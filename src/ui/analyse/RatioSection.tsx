// Shows the five entity set ratios of each task of the category, as a radar and as a table to choose tasks in.
import { useState } from 'react';
import type { EntitySetsQuery } from '../../analysis/questions/entitySetsQuery.ts';
import { siblingRun, taskOf } from '../../lab/comparison/analysableTasks.ts';
import { taskKey } from '../../lab/comparison/comparison.ts';
import { ENTITY_RATIOS } from '../../metrics/entitySets.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { AnalysisWait, PredictionGate } from '../parts/AnalysisWait.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { methodName, taskRefName } from '../shared/runName.ts';
import { shownAnswer, useAnalysis } from '../shared/useAnalysis.ts';
import { useLayers } from '../shared/useLayers.ts';
import { useRunRecords } from '../shared/useLab.ts';
import { RatioRadar, type RatioLine } from './RatioRadar.tsx';
import { RATIO_WORDS } from './regionWords.ts';
import { predictionOf, type Subject } from './subject.ts';

interface RatioTableProps {
  readonly lines: readonly RatioLine[];
  readonly weight: 'strings' | 'mentions';
  readonly onToggle: (key: string) => void;
}

/** Lists the five ratios of each task with their meaning; tasks for the radar are chosen here. */
function RatioTable({ lines, weight, onToggle }: RatioTableProps) {
  return (
    <div className="stack">
      <TableBox label="Ratios" className="shares">
        <thead>
          <tr>
            <th scope="col">Task</th>
            {ENTITY_RATIOS.map((ratio) => (
              <th key={ratio} scope="col" className="number">
                {ratio}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ key, task, ratios, lack, isChosen, isSubject }) => (
            <tr key={key} className={isSubject ? 'overall' : ''}>
              <th scope="row">
                <label className="check ratio-task">
                  <input type="checkbox" checked={isChosen} disabled={lack !== null} onChange={() => onToggle(key)} />
                  <span>
                    {taskRefName(task)}
                    {lack !== null && <span className="meaning">{lack}</span>}
                  </span>
                </label>
              </th>
              {ENTITY_RATIOS.map((ratio) => (
                <td key={ratio} className="number">
                  {format.ratio(ratios?.[ratio][weight] ?? null)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </TableBox>
      <dl className="ratio-words">
        {ENTITY_RATIOS.map((ratio) => (
          <div key={ratio}>
            <dt>
              {ratio} {RATIO_WORDS[ratio].name}
            </dt>
            <dd>
              {RATIO_WORDS[ratio].meaning} <span className="set-sign">{RATIO_WORDS[ratio].formula}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

interface RatioSectionProps extends Pick<EntitySetsQuery, 'prediction' | 'trainOnly' | 'lowerCase'> {
  readonly subject: Subject;
}

export function RatioSection({ subject, prediction, ...options }: RatioSectionProps) {
  const records = useRunRecords();
  const { run, task } = subject;
  const layers = useLayers()(run?.record.spec.model.id ?? '');
  const asked = subject.category.tasks.map((one): AskedTask => {
    if (taskKey(one) === taskKey(task)) return { task: one, run: run?.record ?? null, prediction };
    const sibling = run && siblingRun(one, run.record, records);
    return { task: one, run: sibling?.record ?? null, prediction: sibling && predictionOf(sibling, null) };
  });
  const requests = asked.flatMap(({ prediction: request }) => request ?? []);
  return (
    <section aria-labelledby="ratios-title">
      <h2 id="ratios-title">Ratios</h2>
      {run !== null && asked.length > 1 && (
        <p className="soft">
          Each task is shown with its run of the same method and seed ({methodName(run.record.spec, layers)}, seed{' '}
          {run.record.spec.seed}), if there is one.
        </p>
      )}
      {requests.length === 0 || prediction === null ? (
        <Ratios subject={subject} asked={asked} {...options} />
      ) : (
        <PredictionGate
          requests={requests}
          need="mentions"
          meanwhile={<Ratios subject={subject} asked={asked} {...options} />}
        >
          <Ratios subject={subject} asked={asked} {...options} />
        </PredictionGate>
      )}
    </section>
  );
}

interface AskedTask {
  readonly task: TaskRef;
  /** The run whose predictions represent the task; null without one. */
  readonly run: RunRecord | null;
  readonly prediction: PredictionRequest | null;
}

interface RatiosProps extends Omit<RatioSectionProps, 'prediction'> {
  readonly asked: readonly AskedTask[];
}

function Ratios({ subject, asked, trainOnly, lowerCase }: RatiosProps) {
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [weight, setWeight] = useState<'strings' | 'mentions'>('strings');
  const requests = asked.flatMap(({ prediction }) => prediction ?? []);
  const stored = useAnalysis('predictionStates', requests);
  const category = asked.map(({ task }) => taskOf(task));
  const isStored = (request: PredictionRequest | null) =>
    stored.status === 'ready' && request !== null && stored.answer[requests.indexOf(request)] !== 'none';
  const queries = asked.map(({ task, prediction }): EntitySetsQuery => {
    const here = isStored(prediction) ? prediction : null;
    return { task: taskOf(task), category, prediction: here, trainOnly, lowerCase };
  });
  const state = useAnalysis('entitySets', stored.status === 'ready' ? queries : null);
  const answer = shownAnswer(state);
  // Keeps the last answer while a new query is in progress, unless it is for other tasks.
  const sizes = answer?.length === asked.length ? answer : null;
  if (stored.status === 'failed') return <AnalysisWait state={stored} doing="Looking up stored predictions" />;
  if (sizes === null) {
    return state.status === 'ready' ? null : <AnalysisWait state={state} doing="Comparing the sets of each task" />;
  }
  const lines = asked.map(({ task, run, prediction }, index): RatioLine => {
    const key = taskKey(task);
    const ratios = sizes[index]?.ratios ?? null;
    return {
      key,
      task,
      index,
      ratios,
      lack: run === null ? 'no matching run' : isStored(prediction) ? null : 'not predicted yet',
      isChosen: !left.has(key) && isStored(prediction),
      isSubject: key === taskKey(subject.task),
    };
  });
  const toggle = (key: string) => {
    const next = new Set(left);
    if (!next.delete(key)) next.add(key);
    setLeft(next);
  };
  const chosen = lines.filter(({ isChosen }) => isChosen);
  return (
    <>
      {state.status === 'failed' && <AnalysisWait state={state} doing="Comparing the sets of each task" />}
      <div className={lines.some(({ lack }) => lack === null) ? 'sets-pair' : 'stack'}>
        {lines.some(({ lack }) => lack === null) && (
          <RatioRadar
            lines={chosen}
            weight={weight}
            onWeight={setWeight}
            caption={`Ratios of ${subject.category.name}`}
          />
        )}
        <RatioTable lines={lines} weight={weight} onToggle={toggle} />
      </div>
    </>
  );
}
