// A trained tagger, read back whole: weights with their head, tokenizer, tags and how it was trained to read text.
import { tagSetOfHead } from '../data/tagSetOfHead.ts';
import type { TagSet } from '../data/tagSet.ts';
import type { PieceTokenizer } from '../data/tokenizer.ts';
import type { HostParameters } from '../model/parameters.ts';
import type { TaggerShape } from '../model/tagger.ts';
import { headOfRun } from '../schema/headOfRun.ts';
import type { TaggerHead } from '../schema/taggerHead.ts';
import type { TaggerRef } from '../schema/taggerRef.ts';
import { readModelRecord } from '../storage/modelRecords.ts';
import { readRunRecord } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import { loadSnapshot } from './checkpoint.ts';
import { readModelConfig, readModelTokenizer } from './loadModel.ts';

export interface LoadedTagger {
  readonly shape: TaggerShape;
  /** Of encoder and head. */
  readonly weights: HostParameters;
  readonly tokenizer: PieceTokenizer;
  readonly tagSet: TagSet;
  readonly head: TaggerHead;
}

/**
 * Throws LabError `run/unknown` without the run, `run/model` without its model, `checkpoint/missing` without the snapshot, `model/head`
 * for a stored model without a head that tags.
 */
export function loadTagger(store: Store, ref: TaggerRef): Promise<LoadedTagger> {
  return ref.kind === 'snapshot' ? snapshotTagger(store, ref.runId, ref.epoch) : modelTagger(ref.modelId);
}

async function snapshotTagger(store: Store, runId: string, epoch: number): Promise<LoadedTagger> {
  const run = await readRunRecord(store, runId);
  if (run === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
  const { model: asked, config } = run.spec;
  const model = await readModelRecord(store, asked.id);
  if (model === undefined) throw new LabError('run/model', `The model ${asked.name} is no longer in the library.`);
  const weights = await loadSnapshot(store, runId, epoch);
  const head = headOfRun(run, epoch, model.layers);
  const tagSet = tagSetOfHead(head);
  return {
    shape: {
      encoder: await readModelConfig(store, model),
      head: { tagCount: tagSet.tags.length, kind: config.head, startEnd: config.crfStartEnd },
    },
    weights,
    tokenizer: await readModelTokenizer(store, model, config.lowerCase),
    tagSet,
    head,
  };
}

function modelTagger(modelId: string): Promise<LoadedTagger> {
  return Promise.reject(
    new LabError('model/head', 'This model has no head that tags.', { expected: 'a trained tagger', got: modelId }),
  );
}
