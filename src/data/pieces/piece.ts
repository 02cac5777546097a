// Names what every vocabulary of pieces and every tokenizer offers.

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

/** Piece ids of the specials in the encoder input. */
export interface SpecialPieces {
  readonly unk: number;
  readonly sep: number;
  readonly cls: number;
  readonly pad: number;
}

/** Maps tokens to piece ids. Every token gives at least one piece: `<unk>` if the vocabulary has nothing for it. */
export interface PieceTokenizer {
  /** Returns the piece ids of one token encoded separately, as in the released code (create_data.py). */
  encodeToken(token: string): readonly number[];
  /** Returns the piece ids of each token when the tokens are joined by single spaces and encoded together. */
  encodeSentence(tokens: readonly string[]): readonly (readonly number[])[];
  readonly specials: SpecialPieces;
  /** Rows needed in the word embedding: the largest piece id plus one. */
  readonly vocabularySize: number;
  /** Present where a token is one piece, of which the network reads the characters, too. */
  readonly characters?: CharacterNumbers;
}

export interface CharacterNumbers {
  /** One more than the largest number; 0 is padding. */
  readonly count: number;
  /** Numbers of a token's characters, at least one for a token that has any. */
  readonly spell: (token: string) => Int32Array;
}
