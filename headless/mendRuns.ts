// Mends by itself what a person mends in the page: trains damaged parents again, runs that lost snapshots, and fetches a damaged model again.
import type { Lab } from '../src/lab/state/labState.ts';
import { runTitle } from '../src/lab/state/runViews.ts';
import type { RunRecord } from '../src/schema/runRecord.ts';
import { LabError } from '../src/util/labError.ts';
import { layersOf, type TextOutput } from './progressReport.ts';

/** Ways to mend that depend on the command line. */
export interface MendingInputs {
  /** Downloads the plan's model again; null where it came from a folder, whose files are imported at every start. */
  readonly fetchModel: ((modelId: string) => Promise<boolean>) | null;
}

/** Failures that resuming alone would meet again. */
const MENDABLE: ReadonlySet<string> = new Set(['run/parent-damaged', 'checkpoint/missing', 'model/damaged']);

/** Mends failed runs, each once for each kind of failure: what is damaged again at once is not to be mended. */
export class RunMender {
  private readonly lab: Lab;
  private readonly output: TextOutput;
  private readonly inputs: MendingInputs;
  private readonly mended = new Set<string>();

  constructor(lab: Lab, output: TextOutput, inputs: MendingInputs) {
    this.lab = lab;
    this.output = output;
    this.inputs = inputs;
  }

  /** Queues what mends one of these runs that failed, as the next may be mended with it; false if there is nothing to wait for. */
  async mendFailed(runIds: readonly string[]): Promise<boolean> {
    const failed = this.lab.getState().runs.flatMap(({ record }) => {
      const isOurs = runIds.includes(record.spec.id) && record.status === 'failed';
      return isOurs && MENDABLE.has(record.failure?.code ?? '') ? [record] : [];
    });
    for (const record of failed) if (await this.mend(record)) return true;
    return false;
  }

  /** Trains a finished run again that lost snapshots; false if it lost none, or if that was tried before. */
  async retrain(runId: string): Promise<boolean> {
    const run = this.lab.getState().runs.find(({ record }) => record.spec.id === runId);
    if (run?.record.status !== 'finished' || !this.isFirst(`snapshots ${runId}`)) return false;
    return this.lab.mendRun(runId);
  }

  private async mend({ spec, failure }: RunRecord): Promise<boolean> {
    const code = failure?.code ?? '';
    if (!this.isFirst(`${code} ${spec.id}`)) return false;
    const title = runTitle(spec, layersOf(this.lab, spec));
    try {
      if (code === 'model/damaged') {
        if (this.inputs.fetchModel === null || !(await this.inputs.fetchModel(spec.model.id))) return false;
        this.output.write(`Mending ${title}: its model was downloaded again.\n`);
        await this.lab.resumeRun(spec.id);
      } else {
        const what = code === 'run/parent-damaged' ? 'the run that it starts from' : 'it';
        this.output.write(`Mending ${title}: ${what} is trained again.\n`);
        await this.lab.mendRun(spec.id);
      }
      return true;
    } catch (error) {
      this.output.write(`${title} cannot be mended: ${LabError.describe(LabError.toData(error))}\n`);
      return false;
    }
  }

  private isFirst(attempt: string): boolean {
    if (this.mended.has(attempt)) return false;
    this.mended.add(attempt);
    return true;
  }
}
