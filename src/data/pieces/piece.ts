// Names what every vocabulary of pieces offers.

/** A piece of a word, with the text of the word that it covers; of text given as bytes, the last piece has it all. */
export interface Piece {
  readonly id: number;
  readonly text: string;
}

/** A vocabulary with its way to cut words. */
export interface PieceModel {
  readonly encode: (word: string) => readonly Piece[];
  readonly idOf: (piece: string) => number | undefined;
  /** Number of different pieces. */
  readonly size: number;
  readonly largestId: number;
}
