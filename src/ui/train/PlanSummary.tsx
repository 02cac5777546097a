// Summarises a plan: its size, its problems, the leaks in what it would train on, and buttons to start or export it.
import { membersKey } from '../../lab/comparison/comparison.ts';
import { analysisCategories, taskOf } from '../../lab/comparison/crossMatrix.ts';
import { presets, type PresetName } from '../../lab/plans/presets.ts';
import type { LabState } from '../../lab/state/labState.ts';
import { areSingle, raceRulesOf } from '../../schema/methods.ts';
import type { RunGraph, RunNode } from '../../schema/runLineage.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import { useAnalysis, type Analysed } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { Facts } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import {
  memoryHome,
  memoryLimit,
  recomputesText,
  useLayers,
  useMemoryEstimate,
  type Estimate,
} from '../shared/memoryEstimates.ts';
import { goTo, NOTHING_CHOSEN, routeHref } from '../shared/route.ts';
import { methodName, runName, STATUS_WORDS } from '../shared/runName.ts';
import { downloadJson } from '../shared/saveFile.ts';
import { shallow, useLab, useLabActions, useRunRecords } from '../shared/useLab.ts';
import { configFieldId } from './ConfigForm.tsx';
import { PlanElsewhere } from './PlanElsewhere.tsx';
import { configFields } from './configFields.ts';
import { estimatedMs, useMeasuredStep, usePredictedTime, usePreview } from './planEstimates.ts';
import type { ReadPlan } from './readPlanDraft.ts';

interface PlanLeaksNoteProps {
  readonly leaks: PlanLeaks;
  /** Shows the setting that leaves leaked sentences out. */
  readonly onSetting: () => void;
}

/** Warns of leaked test sentences; nothing if there are none. */
function PlanLeaksNote({ leaks: { exact, training, leftOut, href }, onSetting }: PlanLeaksNoteProps) {
  if (exact === 0) return null;
  return (
    <p className="soft">
      {leftOut === null
        ? 'Training on test sentences makes the score less informative about new text. '
        : `${format.count(leftOut)} of ${format.counted(training, 'training sentence')} will be left out because of that. `}
      {href !== null && (
        <>
          <a href={href}>See which</a>
          {' · '}
        </>
      )}
      <button type="button" className="link" onClick={onSetting}>
        {leftOut === null ? 'Leave them out' : 'Change'}
      </button>
    </p>
  );
}

/** Shows the runs of a plan before it starts, each under the run it starts from. */
function RunGraphList({ graph }: { readonly graph: RunGraph }) {
  const ids = new Set(graph.nodes.map(({ spec }) => spec.id));
  const childrenOf = new Map<string | null, RunNode[]>();
  for (const node of graph.nodes) {
    const parent = node.spec.parent !== null && ids.has(node.spec.parent) ? node.spec.parent : null;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), node]);
  }
  return (
    <details className="fold" open={graph.nodes.length <= 40 && graph.nodes.length > 1}>
      <summary>Run graph</summary>
      <div className="run-graph" role="region" aria-label="Run graph, scrollable" tabIndex={0}>
        <NodeList nodes={childrenOf.get(null) ?? []} childrenOf={childrenOf} label="Runs of the plan" />
      </div>
    </details>
  );
}

interface NodeListProps {
  readonly nodes: readonly RunNode[];
  readonly childrenOf: ReadonlyMap<string | null, readonly RunNode[]>;
  readonly label: string;
}

function NodeList({ nodes, childrenOf, label }: NodeListProps) {
  const layersOf = useLayers();
  return (
    <ul aria-label={label}>
      {nodes.map((node) => {
        const { spec } = node;
        const starting = childrenOf.get(spec.id) ?? [];
        const name = `${methodName(spec, layersOf(spec.model.id))} · ${runName(spec)} · seed ${spec.seed}`;
        return (
          <li key={spec.id}>
            <span className="run-node">
              <span className={`node-mark ${spec.method}`} aria-hidden="true" />
              <span>
                {name}
                <span className={node.isReused ? 'tag reused' : 'tag'}>{stateText(node)}</span>
              </span>
            </span>
            {starting.length > 0 && (
              <NodeList nodes={starting} childrenOf={childrenOf} label={`Runs that start from ${name}`} />
            )}
          </li>
        );
      })}
    </ul>
  );
}

function stateText({ status, isReused, stepsLeft }: RunNode): string {
  if (isReused) return 'reused';
  const steps = format.counted(stepsLeft, 'step');
  return status === 'new' ? `new, ${steps}` : `${STATUS_WORDS[status].toLowerCase()}, ${steps} left`;
}

export function PlanSummary({ read, preset }: { readonly read: ReadPlan; readonly preset: PresetName }) {
  const lab = useLabActions();
  const usage = useLab((state) => state.usage);
  const gpuBytes = useLab((state) => state.machine.gpuBytes);
  const isReady = useLab((state) => state.backend.status === 'ready');
  const isFree = useLab((state) => state.activeRunId === null);
  const readiness = useLab(readinessText);
  const records = useRunRecords();
  const { plan, problems, changed } = read;
  const { graph, problem } = usePreview(plan);
  const predicted = usePredictedTime(plan);
  const estimated = graph === null ? null : estimatedMs(graph, records);
  const measured = useMeasuredStep(plan);
  const estimate = useMemoryEstimate(plan);
  const leaks = usePlanLeaks(read);
  // Which runs a search drops, and when, is known only as they train.
  const drops = raceRulesOf(plan?.search) !== null;
  const train = async () => {
    if (plan === null) return;
    const runIds = await lab.startPlan(plan);
    const [first] = runIds;
    goTo(runIds.length === 1 && first !== undefined ? { page: 'run', runId: first } : { page: 'experiments' });
  };
  const exportPlan = () => {
    if (plan !== null) downloadJson(`${format.fileName(plan.name)}.plan.json`, plan);
  };
  return (
    <aside className="panel summary" aria-labelledby="summary-title">
      <h3 id="summary-title">Plan</h3>
      <Facts
        kind="list"
        facts={[
          ['Preset', presets[preset].label],
          ['Changes', changed.size],
          ['Runs', graph === null ? '–' : format.count(graph.nodes.length)],
          ...(graph !== null && graph.runsLeft < graph.nodes.length
            ? [['To train', `${format.count(graph.runsLeft)}, the others already exist`] as const]
            : []),
          ['Steps', stepsText(graph, drops)],
          ['Storage', graph === null ? '–' : `up to ${format.bytes(graph.storageBytes)}`],
          ['Time', graph === null ? '–' : timeText(estimated, measured.found?.remainingMs ?? null, predicted, drops)],
          ['Memory', memoryText(measured.found?.peakBytes ?? null, estimate)],
          ['Leaks', plan === null ? '–' : leaksText(leaks)],
        ]}
      />
      {graph !== null && tooLarge(graph, usage) && (
        <p className="problem">
          This browser has room for only {format.bytes(freeBytes(usage) ?? 0)} more. Keep fewer snapshots, or remove
          what you do not need.
        </p>
      )}
      {estimate !== null && 'plainNetwork' in estimate && (
        <p className="soft">On this machine {estimate.plainNetwork}.</p>
      )}
      {estimate !== null && 'fits' in estimate && !estimate.fits && (
        <p className="problem">
          This exceeds the {format.bytes(memoryLimit(estimate, gpuBytes))}{' '}
          {estimate.onProcessor === true ? 'that a page can use on the processor' : 'configured for this GPU'}. Use
          smaller micro-batches or shorter sequences.
        </p>
      )}
      {leaks.status === 'ready' && (
        <PlanLeaksNote leaks={leaks.answer} onSetting={() => showField(configFieldId('leaveOut'))} />
      )}
      {problem !== null && (
        <p className="problem" role="status">
          {problem}
        </p>
      )}
      {graph !== null && graph.nodes.length > 1 && <RunGraphList graph={graph} />}
      {problems.size > 0 && (
        <ul className="problem-list" aria-label="Problems">
          {[...problems].map(([path, problem]) => (
            <li key={path}>
              <ProblemLink path={path} /> {problem}
            </li>
          ))}
        </ul>
      )}
      <div className="actions">
        <Button kind="strong" disabled={plan === null || graph === null || !isReady} onAct={train}>
          Train
        </Button>
        <Button disabled={plan === null} onAct={exportPlan}>
          Export plan
        </Button>
        {graph !== null && graph.runsLeft > 0 && measured.found === null && (
          <Button disabled={!isReady || !isFree} onAct={measured.measure}>
            Measure a step
          </Button>
        )}
      </div>
      <p className="soft">{readiness}</p>
      {plan !== null && graph !== null && graph.nodes.length > 1 && (
        <PlanElsewhere
          plan={plan}
          graph={graph}
          remainingMs={estimated ?? measured.found?.remainingMs ?? null}
          peakBytes={measured.found?.peakBytes ?? null}
        />
      )}
    </aside>
  );
}

/** Shows a problem, with a link to the control of its setting, whose section may be folded. */
function ProblemLink({ path: location }: { readonly path: string }) {
  const field = configFields.find(({ path }) => `config.${path}` === location);
  if (field === undefined) return null;
  return (
    <button type="button" className="link" onClick={() => showField(configFieldId(field.path))}>
      {field.label}:
    </button>
  );
}

function showField(id: string): void {
  const control = document.getElementById(id);
  const section = control?.closest('details');
  if (section != null) section.open = true;
  control?.focus();
}

function stepsText(graph: RunGraph | null, drops: boolean): string {
  if (graph === null) return '–';
  return `${graph.isUpperBound || drops ? 'at most ' : ''}${format.count(graph.stepsLeft)}`;
}

/** Says where the time comes from: steps of earlier runs count more than a measured step, and that more than a prediction. */
function timeText(
  ofRuns: number | null,
  ofStep: number | null,
  predicted: ReturnType<typeof usePredictedTime>,
  drops: boolean,
): string {
  const about = drops ? 'at most about' : 'about';
  if (ofRuns !== null) return `${about} ${format.duration(ofRuns)}, from steps of earlier runs`;
  if (ofStep !== null) return `${about} ${format.duration(ofStep)}, from the measured step`;
  if (predicted === 'predicting') return 'predicting …';
  return predicted === null
    ? 'not known yet'
    : `${about} ${format.duration(predicted)}, predicted from this machine’s speed`;
}

function memoryText(peakBytes: number | null, estimate: Estimate | null): string {
  if (peakBytes !== null) return `${format.bytes(peakBytes)} at the peak of a step`;
  if (estimate === null || 'plainNetwork' in estimate) return 'not measured yet';
  return `up to ${format.bytes(estimate.bytes)} ${memoryHome(estimate)}${estimate.recomputed ? recomputesText : ''}`;
}

function leaksText(leaks: Analysed<PlanLeaks>): string {
  if (leaks.status === 'failed') return LabError.describe(leaks.error);
  if (leaks.status === 'ready') {
    const { exact, compared } = leaks.answer;
    return `${exact === 0 ? 'none' : format.count(exact)} of ${format.counted(compared, 'test sentence')}`;
  }
  return leaks.of === 0 ? 'searching' : `searching, ${format.share(leaks.done / leaks.of)}`;
}

function freeBytes(usage: LabState['usage']): number | null {
  return usage === null || usage.quotaBytes === null ? null : Math.max(0, usage.quotaBytes - usage.usedBytes);
}

function tooLarge({ storageBytes }: RunGraph, usage: LabState['usage']): boolean {
  const free = freeBytes(usage);
  return free !== null && storageBytes > free;
}

function readinessText({ backend, owner }: LabState): string {
  if (owner === 'elsewhere') return 'Training runs in the other tab; here you can prepare and export a plan.';
  if (backend.status === 'starting') return 'Training can start once the backend is ready.';
  if (backend.status === 'failed') return 'Without a backend, the plan can only be exported for the headless command.';
  return 'The headless command trains the same runs from an exported plan.';
}

// Counts the test sentences that occur in what a plan would train on, once the plan is complete.

export interface PlanLeaks {
  /** Test sentences, and those of them that occur in the training text. */
  readonly compared: number;
  readonly exact: number;
  /** Training sentences of all groups, and those of them that would be left out; null if none are to be. */
  readonly training: number;
  readonly leftOut: number | null;
  /** Address of the task with most of them, if the analysis page knows the tasks it is trained with. */
  readonly href: string | null;
}

/** Searches MTL plans by category and STL plans by task; `working` also without a plan. */
export function usePlanLeaks({ plan, categories }: ReadPlan): Analysed<PlanLeaks> {
  const library = useLab(({ corpora, assignments, categories }) => ({ corpora, assignments, categories }), shallow);
  const own = useRunRecords();
  const together = plan !== null && !areSingle(plan.methods);
  const named = categories.map(({ tasks }) =>
    tasks.flatMap(({ found: last, type }): TaskRef[] => {
      if (last === null) return [];
      const { id, name, fingerprint } = last;
      return [{ corpus: { id, name, fingerprint }, type }];
    }),
  );
  const groups = together ? named : named.flat().map((task) => [task]);
  const found = useAnalysis(
    'planLeaks',
    plan === null
      ? null
      : {
          groups: groups.map((tasks) => tasks.map(taskOf)),
          splits: plan.config.trainOn === 'train' ? ['train'] : ['train', 'devel'],
          leaveOut: plan.config.leaveOut ?? null,
        },
  );
  if (found.status === 'failed') return found;
  if (found.status === 'working') return { ...found, last: null };
  const { answer } = found;
  const sum = (of: (group: (typeof answer)[number]) => number): number =>
    answer.reduce((total, group) => total + of(group), 0);
  return {
    status: 'ready',
    answer: {
      compared: sum(({ compared }) => compared),
      exact: sum(({ exact }) => exact.reduce((total, one) => total + one, 0)),
      training: sum(({ training }) => training),
      leftOut: plan?.config.leaveOut === undefined ? null : sum(({ leftOut }) => leftOut ?? 0),
      href: hrefOfMost(groups, answer.map(({ exact }) => exact), library, own), // prettier-ignore
    },
  };
}

function hrefOfMost(
  groups: readonly (readonly TaskRef[])[],
  exact: readonly (readonly number[])[],
  library: Pick<LabState, 'corpora' | 'assignments' | 'categories'>,
  own: readonly RunRecord[],
): string | null {
  const leaking = groups
    .flatMap((tasks, group) => tasks.map((task, index) => ({ task, tasks, exact: exact[group]?.[index] ?? 0 })))
    .sort((left, right) => right.exact - left.exact);
  const [most] = leaking;
  if (most === undefined || most.exact === 0) return null;
  const category = analysisCategories(most.task, null, own, library).find(
    ({ tasks }) => membersKey(tasks) === membersKey(most.tasks),
  );
  if (category === undefined) return null;
  const { corpus, type } = most.task;
  return routeHref({
    page: 'analyse',
    ...NOTHING_CHOSEN,
    view: 'leaks',
    corpus: corpus.id,
    type,
    category: category.name,
  });
}
