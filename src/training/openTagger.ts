// A loaded tagger on the device, ready to be asked for mentions.
import type { PieceTokenizer } from '../data/tokenizer.ts';
import type { EngineGpu } from '../engine/engineWays.ts';
import { chainOf } from '../model/chainOf.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { LoadedTagger } from './loadTagger.ts';
import { openPredictor } from './openTrainer.ts';
import type { SentenceTagger } from './tagSentences.ts';

/** Everything that tagging asks for; the weights are on the device alone, until `predictor.dispose()`. */
export interface OpenTagger extends SentenceTagger {
  readonly tokenizer: PieceTokenizer;
  readonly config: TrainingConfig;
}

export function openTagger(gpu: EngineGpu | null, loaded: LoadedTagger): OpenTagger {
  const { shape, weights, tokenizer, tagSet, head } = loaded;
  const settings = { shape, config: head.config, factors: new Map<string, never>(), seed: 0 };
  const predictor = openPredictor(gpu, weights, settings);
  return { predictor, tagSet, chain: chainOf(weights, shape.head), tokenizer, config: head.config };
}
