// Reports runs in a terminal: the graph of a plan, then their progress, rewriting one line on a TTY, else printing a line from time to time.
import type { Lab, RunView } from '../src/lab/state/labState.ts';
import { runTitle } from '../src/lab/state/runViews.ts';
import { droppedText } from '../src/metrics/racing/raceWords.ts';
import type { SplitScores } from '../src/metrics/scores/spanScore.ts';
import type { RunGraph, RunNode } from '../src/schema/runLineage.ts';
import type { RunRecord, RunSpec } from '../src/schema/runRecord.ts';
import { LabError } from '../src/util/labError.ts';

export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Minimum time between two lines on the same subject, in milliseconds: on a TTY, and elsewhere. */
const rewriteEveryMs = 100;
const lineEveryMs = 10_000;

/** Reports new epochs and the scores of ended runs until the returned function is called. */
export function progressReport(lab: Lab, runIds: readonly string[], output: TextOutput): () => void {
  const reportedEpochs = new Map(lab.getState().runs.map(({ record }) => [record.spec.id, record.epochs.length]));
  const reportedStatus = new Map<string, string>();
  let reportedSubject = '';
  let reportedAt = -Infinity;
  let isOpen = false;

  function line(text: string): void {
    output.write(`${isOpen ? '\r\x1b[K' : ''}${text}\n`);
    isOpen = false;
  }

  function reportLive(view: RunView, title: string): void {
    if (view.live === null) return;
    const text = `${title}  ${describeLive(view)}`;
    const now = performance.now();
    // Shows every phase on a TTY, where it costs no extra line.
    const subject = output.isTTY === true ? `${title} ${view.live.phase}` : title;
    if (subject === reportedSubject && now - reportedAt < (output.isTTY === true ? rewriteEveryMs : lineEveryMs))
      return;
    if (output.isTTY === true) {
      output.write(`\r\x1b[K${text.slice(0, (output.columns ?? 80) - 1)}`);
      isOpen = true;
    } else {
      line(text);
    }
    reportedSubject = subject;
    reportedAt = now;
  }

  function report(): void {
    for (const view of lab.getState().runs) {
      const { record } = view;
      const index = runIds.indexOf(record.spec.id);
      if (index < 0) continue;
      const title = `[${index + 1}/${runIds.length}] ${runTitle(record.spec, layersOf(lab, record.spec))}`;
      for (const point of record.epochs.slice(reportedEpochs.get(record.spec.id) ?? 0)) {
        const devel = describeSplit('devel', point.devel);
        line(`${title}  epoch ${point.epoch}/${epochsOf(record)}  loss ${point.loss.toFixed(3)}${devel}`);
        reportedEpochs.set(record.spec.id, point.epoch);
      }
      if (reportedStatus.get(record.spec.id) !== record.status) {
        reportedStatus.set(record.spec.id, record.status);
        const end = describeEnd(record);
        if (end !== null) line(`${title}  ${end}`);
      }
      reportLive(view, title);
    }
  }

  const unsubscribe = lab.subscribe(report);
  report();
  return () => {
    unsubscribe();
    if (isOpen) line('');
  };
}

/** Number of layers of a run's encoder, or null when its model is not in the library. */
export function layersOf(lab: Lab, { model }: RunSpec): number | null {
  return lab.getState().models.find(({ id }) => id === model.id)?.layers ?? null;
}

/** Total epochs; with a fixed number of steps, derived from the length of the first epoch. */
function epochsOf({ spec, totalSteps, epochs }: RunRecord): number {
  const [first] = epochs;
  return spec.config.steps === null || first === undefined ? spec.config.epochs : Math.ceil(totalSteps / first.step);
}

function describeLive({ record, live }: RunView): string {
  if (live === null) return '';
  const progress = live.of > 0 ? ` ${live.done}/${live.of}` : '';
  const point = record.steps.at(-1);
  if (live.phase !== 'training' || point === undefined) return `${live.phase}${progress}`;
  const speed = live.tokensPerSecond === null ? '' : `  ${Math.round(live.tokensPerSecond)} tokens/s`;
  const remaining = live.remainingMs === null ? '' : `  ${describeTime(live.remainingMs)} left`;
  const rate = point.learningRate.toExponential(2);
  return `step ${record.step}/${record.totalSteps}  loss ${point.loss.toFixed(3)}  lr ${rate}${speed}${remaining}`;
}

/** Null for a run that has not ended. */
function describeEnd(record: RunRecord): string | null {
  switch (record.status) {
    case 'finished': {
      const chosen = record.snapshots.find(({ epoch }) => epoch === record.selectedEpoch);
      const scores = `${describeSplit('devel', chosen?.devel)}${describeSplit('test', chosen?.test)}`;
      return `finished in ${describeTime(record.elapsedMs)}  epoch ${record.selectedEpoch}${scores}`;
    }
    case 'failed':
      return `failed: ${record.failure === null ? 'without a reason' : LabError.describe(record.failure)}`;
    case 'paused':
    case 'stopped':
      return droppedText(record) ?? `${record.status} at step ${record.step}`;
    case 'queued':
    case 'running':
      return null;
  }
}

/** Precision, recall and F1 for a single task; mean F1 and the F1 of each for several. */
function describeSplit(name: string, tasks: readonly (SplitScores | null)[] = []): string {
  const scored = tasks.flatMap((scores) => (scores === null ? [] : [scores.lenient.overall]));
  const [first] = scored;
  if (first === undefined) return '';
  if (scored.length === 1) {
    return `  ${name} P ${first.precision.toFixed(2)} R ${first.recall.toFixed(2)} F1 ${first.f1.toFixed(2)}`;
  }
  const mean = scored.reduce((sum, { f1 }) => sum + f1, 0) / scored.length;
  return `  ${name} F1 ${mean.toFixed(2)} (${scored.map(({ f1 }) => f1.toFixed(2)).join(' ')})`;
}

export function describeTime(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Describes the runs as an indented tree, followed by a line of totals and a line break. */
export function describeGraph(graph: RunGraph, titleOf: (spec: RunSpec) => string): string {
  const { nodes, runsLeft, stepsLeft, storageBytes, isUpperBound } = graph;
  const ids = new Set(nodes.map(({ spec }) => spec.id));
  const lines: string[] = [];
  const describe = (node: RunNode, depth: number): void => {
    lines.push(`${'  '.repeat(depth + 1)}${titleOf(node.spec)}  ${stateOf(node)}`);
    for (const child of nodes) if (child.spec.parent === node.spec.id) describe(child, depth + 1);
  };
  for (const node of nodes) if (node.spec.parent === null || !ids.has(node.spec.parent)) describe(node, 0);
  const most = isUpperBound ? 'at most ' : '';
  const total =
    runsLeft === 0
      ? 'All runs are already finished.'
      : `${counted(runsLeft, 'run')} to train, ${most}${counted(stepsLeft, 'step')}, up to ${sizeOf(storageBytes)} of storage.`;
  return `Runs, each indented below the one it starts from:\n${lines.join('\n')}\n${total}\n`;
}

function stateOf({ status, isReused, stepsLeft, cost }: RunNode): string {
  if (isReused) return 'already finished, reused';
  const begun = stepsLeft < cost.steps ? ` left of ${cost.steps}` : '';
  return `${counted(stepsLeft, 'step')}${begun}${status === 'new' || status === 'queued' ? '' : ` (${status})`}`;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function sizeOf(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
