// The taggers that text can be given to: kept snapshots of own runs, and models that came with a head.
import { typesOfTags } from '../data/tagSetOfHead.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import type { RunRecord, SnapshotScores } from '../schema/runRecord.ts';
import type { TaggerRef } from '../schema/taggerRef.ts';
import type { LabState } from './labState.ts';

export type OfferedTagger =
  | {
      readonly ref: TaggerRef & { readonly kind: 'snapshot' };
      readonly types: readonly string[];
      readonly run: RunRecord;
      readonly snapshot: SnapshotScores;
      /** Whether it is the snapshot that was chosen on devel. */
      readonly selected: boolean;
    }
  | {
      readonly ref: TaggerRef & { readonly kind: 'model' };
      readonly types: readonly string[];
      readonly model: ModelRecord;
    };

/** Newest run first, and of each run the chosen snapshot first, then the latest; then models in their order. */
export function offeredTaggers({ runs, models }: Pick<LabState, 'runs' | 'models'>): readonly OfferedTagger[] {
  const held = new Set(models.map(({ id }) => id));
  const snapshots = runs.flatMap(({ record }) => (held.has(record.spec.model.id) ? snapshotsOf(record) : []));
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

/** One text for each tagger, the same for the same one: for lists to choose from, and addresses. */
export function taggerKey(ref: TaggerRef): string {
  return ref.kind === 'snapshot' ? `${ref.runId}@${ref.epoch}` : ref.modelId;
}
