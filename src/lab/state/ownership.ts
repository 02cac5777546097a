// The right to change a lab that may be open more than once, in several tabs of one browser: the seam to whoever grants it.
import { LabError } from '../../util/labError.ts';
import type { Lab } from './labState.ts';

export interface Claim {
  /** Whether the lab was free, so that it is ours at once. */
  readonly isOurs: boolean;
  /** Resolves when it is ours, now or when whoever has it is gone; from then on it stays ours. */
  readonly whenOurs: Promise<void>;
}

export interface Ownership {
  /** Asks for the lab, once, and answers soon. Never rejects. */
  claim(): Promise<Claim>;
}

/**
 * The lab, whose changing calls reject with LabError `lab/elsewhere` while another tab has it. They wait for `asked`, which settles when it is
 * known whether one does.
 */
export function refuseWhenNotOwner(lab: Lab, asked: Promise<unknown>): Lab {
  const isElsewhere = (): boolean => lab.getState().owner === 'elsewhere';

  function refuseElsewhere(): void {
    if (!isElsewhere()) return;
    throw new LabError(
      'lab/elsewhere',
      'This lab is open in another tab, which does the training and changes what is stored: do it there, or close that tab.',
    );
  }

  function ours<Values extends readonly unknown[], Answer>(
    call: (...values: Values) => Promise<Answer>,
  ): (...values: Values) => Promise<Answer> {
    return async (...values) => {
      if (isElsewhere()) await asked;
      refuseElsewhere();
      return call(...values);
    };
  }

  return {
    ...lab,
    importFiles: ours(lab.importFiles),
    renameCorpus: ours(lab.renameCorpus),
    moveSource: ours(lab.moveSource),
    removeCorpus: ours(lab.removeCorpus),
    removeModel: ours(lab.removeModel),
    downloadModel: ours(lab.downloadModel),
    discardDownload: ours(lab.discardDownload),
    fetchCatalogueTasks: ours(lab.fetchCatalogueTasks),
    assignSubTask: ours(lab.assignSubTask),
    saveCategory: ours(lab.saveCategory),
    removeCategory: ours(lab.removeCategory),
    measurePlan: ours(lab.measurePlan),
    startPlan: ours(lab.startPlan),
    pauseRun: ours(lab.pauseRun),
    resumeRun: ours(lab.resumeRun),
    resumeAll: ours(lab.resumeAll),
    moveRun(runId, direction) {
      refuseElsewhere();
      lab.moveRun(runId, direction);
    },
    stopRun: ours(lab.stopRun),
    removeRun: ours(lab.removeRun),
    predictions: ours(lab.predictions),
    keepPredictions: ours(lab.keepPredictions),
    tag: ours(lab.tag),
    removeResult: ours(lab.removeResult),
    setMachine: ours(lab.setMachine),
  };
}
