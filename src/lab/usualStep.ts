// The step by which a plan's time is measured: its model, its batches, and the length of sequence most of its time goes into.
import type { TrainingConfig } from '../schema/config.ts';
import type { CorpusRecord } from '../schema/corpusRecord.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import { LabError } from '../util/labError.ts';

/** Pieces a token of biomedical text has, about (1.3 with the built-in vocabulary on NCBI-disease, 2 with XLNet's own). */
const PIECES_PER_TOKEN = 1.5;
/** Specials of a sequence. */
const SPECIALS = 2;

export interface UsualStep {
  readonly modelId: string;
  readonly config: TrainingConfig;
  readonly pieces: number;
}

/** Of plan runs in order, none of which may be missing its corpora. Throws LabError `plan/empty` without runs. */
export function usualStep(specs: readonly RunSpec[], corpora: readonly CorpusRecord[]): UsualStep {
  const [first] = specs;
  if (first === undefined) throw new LabError('plan/empty', 'A plan needs at least one run.');
  const { config, model } = first;
  const used = new Set(specs.flatMap(({ tasks }) => tasks.map(({ corpus }) => corpus.id)));
  const counts = corpora.filter(({ id }) => used.has(id)).map((corpus) => corpus.counts.train);
  const sentences = counts.reduce((total, split) => total + split.sentences, 0);
  const tokens = counts.reduce((total, split) => total + split.tokens, 0);
  const sentencePieces = Math.ceil((PIECES_PER_TOKEN * tokens) / Math.max(1, sentences)) + SPECIALS;
  const pieces = config.layout === 'packed' ? config.maxPieces : Math.min(config.maxPieces, sentencePieces);
  return { modelId: model.id, config, pieces };
}
