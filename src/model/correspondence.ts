// How a parameter of ours lies in a Hugging Face checkpoint.

/** The tensor's name there and its layout: same numbers in the same order, or the transpose of a matrix. */
export interface Correspondence {
  readonly name: string;
  readonly shape: readonly number[];
  readonly transposed: boolean;
}
