// Spells a confidence as files have it.

/** Four decimals, trailing zeros left out: `0.97`. */
export function spellConfidence(confidence: number): string {
  return String(roundConfidence(confidence));
}

export function roundConfidence(confidence: number): number {
  return Number(confidence.toFixed(4));
}
