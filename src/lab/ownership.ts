// The right to change a lab that may be open more than once, in several tabs of one browser: the seam to whoever grants it.

export interface Claim {
  /** Whether the lab was free, so that it is ours at once. */
  readonly isOurs: boolean;
  /** Resolves when it is ours, now or when whoever has it is gone; from then on it stays ours. */
  readonly whenOurs: Promise<void>;
}

export interface Ownership {
  /** Asks for the lab, once, and answers soon. Never rejects. */
  claim(): Promise<Claim>;
}
