// Formats a confidence for files.

/** Four decimals, without trailing zeros: `0.97`. */
export function spellConfidence(confidence: number): string {
  return String(roundConfidence(confidence));
}

export function roundConfidence(confidence: number): number {
  return Number(confidence.toFixed(4));
}
