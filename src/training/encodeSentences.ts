// Sentences of one split as sequences, some at a time.
import type { Sentence } from '../data/corpus.ts';
import { buildSequencesStepwise } from '../data/features.ts';
import type { TagSet } from '../data/tagSet.ts';
import type { PieceTokenizer } from '../data/tokenizer.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { macrotask } from '../util/macrotask.ts';
import type { EncodedSplit } from './tagSplit.ts';

/** Sentences encoded before the thread is given back. */
const SENTENCES_A_TURN = 200;

/** Yields how many sentences are done. Throws the reason of `signal`. */
export async function* encodeSentences(
  sentences: readonly Sentence[],
  tagSet: TagSet,
  tokenizer: PieceTokenizer,
  config: TrainingConfig,
  signal: AbortSignal,
): AsyncGenerator<number, EncodedSplit> {
  const building = buildSequencesStepwise(sentences, tagSet, tokenizer, config);
  for (;;) {
    const step = building.next();
    if (step.done === true) return { sentences, sequences: step.value.sequences };
    if (step.value % SENTENCES_A_TURN > 0) continue;
    yield step.value;
    await macrotask();
    signal.throwIfAborted();
  }
}
