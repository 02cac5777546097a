// The head of a run's snapshot as a tagger of its own: its tags, its configuration, where it comes from.
import { typesOfTags } from '../data/tagSetOfHead.ts';
import type { RunRecord } from './runRecord.ts';
import type { TaggerHead } from './taggerHead.ts';

/** `layers`: of the run's model. Scores are those of the record: of devel after each epoch, of test once training is done. */
export function headOfRun({ spec, tags, epochs, snapshots }: RunRecord, epoch: number, layers: number): TaggerHead {
  const kept = snapshots.find((snapshot) => snapshot.epoch === epoch);
  const point = epochs.find((one) => one.epoch === epoch);
  const unscored = spec.tasks.map(() => null);
  return {
    tags,
    types: [...typesOfTags(tags)],
    config: spec.config,
    provenance: {
      runId: spec.id,
      epoch,
      method: spec.method,
      model: spec.model.name,
      tasks: spec.tasks.map(({ corpus, type }) => ({ corpus: corpus.name, type })),
      seed: spec.seed,
      slicingRate: spec.slicing && spec.slicing.layers / layers,
      devel: kept?.devel ?? point?.devel ?? unscored,
      test: kept?.test ?? unscored,
    },
  };
}
