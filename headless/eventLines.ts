// Writes what happens as JSON lines for programs: the runs, their progress, loss, F1 and bytes, results, and how the command ended.
import type { SplitScores } from '../src/metrics/scores/spanScore.ts';
import type { RunGraph } from '../src/schema/runLineage.ts';
import type { RunRecord, RunSpec } from '../src/schema/runRecord.ts';
import type { LabErrorData } from '../src/util/labError.ts';
import type { RunEvent, ServerClient } from '../src/wire/trainingProtocol.ts';
import type { TextOutput } from './progressReport.ts';

/** One line: `event` says which of the documented kinds it is. */
export interface EventLine {
  readonly event: 'run' | 'started' | 'phase' | 'step' | 'epoch' | 'checkpoint' | 'ended' | 'result' | 'merged' | 'part' | 'tagged' | 'model' | 'file' | 'estimate' | 'dictionary' | 'corpus' | 'error' | 'exit'; // prettier-ignore
  readonly [member: string]: unknown;
}

/** Lines go to `output`; to nobody where it is null. */
export class EventLines {
  private readonly output: TextOutput | null;

  constructor(output: TextOutput | null) {
    this.output = output;
  }

  get areWanted(): boolean {
    return this.output !== null;
  }

  write(line: EventLine): void {
    this.output?.write(`${JSON.stringify(line)}\n`);
  }

  /** Passes on a line of another process. */
  pass(line: string): void {
    this.output?.write(`${line}\n`);
  }

  /** Writes a line for each event of a training server. */
  follow(client: ServerClient): void {
    if (this.output !== null) client.onEvent((event) => this.writeEvent(event));
  }

  /** Writes a line for each run of a plan, parents first. */
  graph({ nodes }: RunGraph, titleOf: (spec: RunSpec) => string): void {
    for (const { spec, status, cost, stepsLeft } of nodes) {
      const { id, parent, method, seed, round } = spec;
      const bytes = { snapshotBytes: cost.snapshotBytes, resumeBytes: cost.resumeBytes };
      this.write({ event: 'run', run: id, title: titleOf(spec), parent, method, seed, round, status, steps: cost.steps, stepsLeft, ...bytes }); // prettier-ignore
    }
  }

  error(data: LabErrorData): void {
    this.write({ event: 'error', ...data });
  }

  private writeEvent(event: RunEvent): void {
    const run = event.runId;
    switch (event.kind) {
      case 'started':
        return this.write({ event: 'started', run, step: event.record.step, of: event.record.totalSteps });
      case 'phase':
        return this.write({ event: 'phase', run, phase: event.phase, done: event.done, of: event.of });
      case 'step': {
        const { step, epoch, loss, learningRate } = event.point;
        const { tokensPerSecond, remainingMs, memory } = event;
        const bytes = memory.gpuBytes ?? memory.tensorBytes;
        return this.write({ event: 'step', run, step, of: event.totalSteps, epoch, loss, learningRate, tokensPerSecond, remainingMs, bytes }); // prettier-ignore
      }
      case 'epoch': {
        const { epoch, step, loss, devel } = event.point;
        return this.write({ event: 'epoch', run, epoch, step, loss, develF1: f1Of(devel) });
      }
      case 'checkpoint':
        return this.write({ event: 'checkpoint', run, step: event.step, bytes: event.sizeBytes });
      case 'ended':
        return this.write({ event: 'ended', run, ...endOf(event.record) });
      case 'predicting':
        return this.write({ event: 'phase', run, phase: 'predicting', done: event.done, of: event.of });
    }
  }
}

function endOf({ status, step, totalSteps, selectedEpoch, snapshots, failure }: RunRecord) {
  const selected = snapshots.find(({ epoch }) => epoch === selectedEpoch);
  const scores = selected === undefined ? {} : { develF1: f1Of(selected.devel), testF1: f1Of(selected.test) };
  return { status, step, of: totalSteps, selectedEpoch, ...scores, failure };
}

function f1Of(tasks: readonly (SplitScores | null)[]): readonly (number | null)[] {
  return tasks.map((scores) => scores?.lenient.overall.f1 ?? null);
}
