// Lets a lab that is open elsewhere be looked at only: whatever would change it, or needs its device, is refused.
import { LabError } from '../util/labError.ts';
import type { Lab } from './labState.ts';

/**
 * The lab, whose changing calls reject with LabError `lab/elsewhere` while another tab has it. They wait for `asked`, which settles when it is
 * known whether one does.
 */
export function whileOurs(lab: Lab, asked: Promise<unknown>): Lab {
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
