// Memory of a run's largest micro-batch on the GPU, before anything is loaded.
import { lengthBucket } from '../data/lengthBuckets.ts';
import type { EngineGpu } from '../engine/engineWays.ts';
import { estimateMemory } from '../engine/estimateMemory.ts';
import type { EncoderConfig } from '../model/encoderConfig.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MemoryEstimate } from '../schema/trainingEvent.ts';

/** Tags do not matter here: a head is small beside an encoder. */
const TAGS = 5;

/** For sequences of `pieces` pieces. */
export function estimateStep(
  encoder: EncoderConfig,
  config: TrainingConfig,
  pieces: number,
  gpu: EngineGpu,
): MemoryEstimate {
  const head = { tagCount: TAGS, kind: config.head, startEnd: config.crfStartEnd };
  const size = { size: config.microBatchSize, pieces: lengthBucket(pieces) };
  return estimateMemory({ encoder, head }, config.dropout, gpu.ways, size);
}
