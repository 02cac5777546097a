// Lists the taggers that can tag text here: saved snapshots of runs, and models with a tagging head.
import { typesOfTags } from '../../data/corpus/tagScheme.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { RunRecord, SnapshotScores } from '../../schema/runRecord.ts';
import type { TaggerRef } from '../../wire/trainingProtocol.ts';
import type { LabState } from '../state/labState.ts';

/** A tagger that can tag text: a saved snapshot of one of the lab's runs, or a model with a tagging head. */
export type OfferedTagger =
  | {
      readonly ref: TaggerRef & { readonly kind: 'snapshot' };
      readonly types: readonly string[];
      readonly run: RunRecord;
      readonly snapshot: SnapshotScores;
      /** Whether the snapshot was selected on devel. */
      readonly selected: boolean;
    }
  | {
      readonly ref: TaggerRef & { readonly kind: 'model' };
      readonly types: readonly string[];
      readonly model: ModelRecord;
    };

/** Lists runs newest first, the selected snapshot of each before the others, latest first; then models in library order. */
export function offeredTaggers({ runs, models }: Pick<LabState, 'runs' | 'models'>): readonly OfferedTagger[] {
  const found = new Set(models.map(({ id }) => id));
  const snapshots = runs.flatMap(({ record }) => (found.has(record.spec.model.id) ? snapshotsOf(record) : []));
  const stored = models.flatMap((model): OfferedTagger[] =>
    model.tagger === undefined ? [] : [{ ref: { kind: 'model', modelId: model.id }, types: model.tagger.types, model }],
  );
  return [...snapshots, ...stored];
}

function snapshotsOf(run: RunRecord): OfferedTagger[] {
  const types = typesOfTags(run.tags);
  return run.snapshots
    .map((snapshot) => ({
      ref: { kind: 'snapshot' as const, runId: run.spec.id, epoch: snapshot.epoch },
      types,
      run,
      snapshot,
      selected: snapshot.epoch === run.selectedEpoch,
    }))
    .sort((left, right) => Number(right.selected) - Number(left.selected) || right.ref.epoch - left.ref.epoch);
}

/** Identifies a tagger in selection lists and URLs. */
export function taggerKey(ref: TaggerRef): string {
  return ref.kind === 'snapshot' ? `${ref.runId}@${ref.epoch}` : ref.modelId;
}
