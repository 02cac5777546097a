// Loads a trained tagger: encoder and head weights, tokenizer, tag set and training configuration.
import { tagSetOfHead, type TagSet } from '../data/corpus/tagSet.ts';
import type { PieceTokenizer } from '../data/pieces/piece.ts';
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import type { HeadShape } from '../model/parameters.ts';
import type { TaggerShape } from '../model/tagger.ts';
import { pretrainedEncoder } from '../model/weights/pretrained.ts';
import { readSafetensors } from '../model/weights/safetensors.ts';
import { headParameters } from '../model/weights/taggerTensors.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import { headOfRun, taggerFileSchema, type TaggerHead } from '../schema/taggerHead.ts';
import { readModelFile, readModelRecord } from '../storage/modelRecords.ts';
import { readRunRecord } from '../storage/runRecords.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import { validate } from '../util/validate.ts';
import type { TaggerRef } from '../wire/taggerRef.ts';
import { loadSnapshot } from './checkpoint.ts';
import {
  assertModelWhole,
  parseConfigFile,
  readModelConfig,
  readModelTokenizer,
  TAGGER_FILE,
  WEIGHTS_FILE,
} from './loadModel.ts';

/** Throws LabError `model/tagger-file` naming the first missing or invalid member, `data/types` for tags that do not match the types. */
export function taggerHeadOf(bytes: Uint8Array): TaggerHead {
  const parsed = validate(taggerFileSchema, parseConfigFile(TAGGER_FILE, bytes));
  if (!parsed.isFit) {
    const { path, message } = parsed.fault;
    throw new LabError('model/tagger-file', `${TAGGER_FILE} does not describe a tagger of this lab.`, {
      expected: 'the file that the lab exported with the weights',
      got: `at ${path || 'the top level'}: ${message}`,
    });
  }
  const { format: _format, version: _version, ...head } = parsed.data;
  tagSetOfHead(head);
  return head;
}

export function headShapeOf({ tags, config }: Pick<TaggerHead, 'tags' | 'config'>): HeadShape {
  return { tagCount: tags.length, kind: config.head, startEnd: config.crfStartEnd };
}

export interface LoadedTagger {
  readonly shape: TaggerShape;
  /** Weights of encoder and head. */
  readonly weights: HostParameters;
  readonly tokenizer: PieceTokenizer;
  readonly tagSet: TagSet;
  readonly head: TaggerHead;
  /** The stored model that provides configuration and tokenizer. */
  readonly model: ModelRecord;
}

/**
 * Throws LabError `run/unknown` without the run, `run/model` without its model, `checkpoint/missing` without the snapshot, `model/head`
 * for a stored model without a tagging head.
 */
export function loadTagger(store: Store, ref: TaggerRef): Promise<LoadedTagger> {
  return ref.kind === 'snapshot' ? snapshotTagger(store, ref.runId, ref.epoch) : modelTagger(store, ref.modelId);
}

async function snapshotTagger(store: Store, runId: string, epoch: number): Promise<LoadedTagger> {
  const run = await readRunRecord(store, runId);
  if (run === undefined) throw new LabError('run/unknown', 'There is no such run.', { got: runId });
  const { id, name } = run.spec.model;
  const model = await readModelRecord(store, id);
  if (model === undefined) throw new LabError('run/model', `The model ${name} is no longer in the library.`);
  return {
    ...(await described(store, model, headOfRun(run, epoch, model.layers))),
    weights: await loadSnapshot(store, runId, epoch),
  };
}

async function modelTagger(store: Store, modelId: string): Promise<LoadedTagger> {
  const model = await readModelRecord(store, modelId);
  if (model?.tagger === undefined) {
    throw new LabError('model/head', 'This model has no tagging head.', {
      expected: 'a trained tagger',
      got: model?.name ?? modelId,
    });
  }
  await assertModelWhole(store, model);
  const tagger = await described(store, model, model.tagger);
  const tensors = readSafetensors(await readModelFile(store, modelId, WEIGHTS_FILE));
  return {
    ...tagger,
    weights: new Map([...pretrainedEncoder(tensors, tagger.shape.encoder), ...headParameters(tensors, tagger.shape)]),
  };
}

/** Loads everything of a tagger except its weights. */
async function described(store: Store, model: ModelRecord, head: TaggerHead): Promise<Omit<LoadedTagger, 'weights'>> {
  return {
    shape: { encoder: await readModelConfig(store, model), head: headShapeOf(head) },
    tokenizer: await readModelTokenizer(store, model, head.config.lowerCase),
    tagSet: tagSetOfHead(head),
    head,
    model,
  };
}
