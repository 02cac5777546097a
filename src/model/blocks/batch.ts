// Sequences padded to one length: the input of one forward pass.
import type * as tf from '@tensorflow/tfjs';

/** B sequences of T pieces and N CRF positions, row-major, padded on the right. */
export interface Batch {
  readonly size: number;
  readonly pieces: number;
  readonly positions: number;
  /** [B, T]; padding holds id 5 (`<pad>`), which no real piece attends to. */
  readonly pieceIds: Int32Array;
  /** [B, T] XLNet only compares them for equality, BERT has an embedding for each; padding holds 0. */
  readonly segmentIds: Int32Array;
  /** [B] number of real pieces of each sequence. */
  readonly pieceCounts: Int32Array;
  /** Absent where the network reads no characters. */
  readonly characters?: BatchCharacters;
  /** [B*T, F] what the network's frozen part gives, where it was computed before; padding holds 0. */
  readonly features?: Float32Array<ArrayBuffer> | tf.Tensor2D;
  /** [B, N] piece index within the sequence of each CRF position; padding holds 0. */
  readonly crfPositions: Int32Array;
  /** [B, N] tag index of each CRF position, OPEN where it is one of `openTags`; padding holds 0. */
  readonly tags: Int32Array;
  /** [B, K] 1 for the tags that the open positions of a sequence may have; absent where no position is open. */
  readonly openTags?: Int32Array;
  /** [B] number of real CRF positions of each sequence, at least 1. */
  readonly crfCounts: Int32Array;
}

/** The characters of a batch's pieces, once for each distinct piece: W of them, with at most C characters. */
export interface BatchCharacters {
  /** W; at least 1. */
  readonly words: number;
  /** C; at least 1. */
  readonly longest: number;
  /** [W, C] numbers of characters; 0 behind a word's end. */
  readonly ids: Int32Array;
  /** [W] characters of each word; none of a special or of padding. */
  readonly counts: Int32Array;
  /** [B, T] which of the W each piece is. */
  readonly rows: Int32Array;
}

/** What determines the recorded pass over a batch: its sequences, and the pieces they are padded to. */
export type BatchSize = Pick<Batch, 'size' | 'pieces'>;
