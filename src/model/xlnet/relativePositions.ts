// Sinusoids of relative distances, the only position information XLNet has.

/**
 * R [2T, d], row p = sinusoid(T - p): distances T down to 1 - T, sines in the first half of the columns, cosines in the second
 * (Dai et al. 2019, Transformer-XL; order as in the XLNet release). Computed in float64, since WGSL's sine is only specified near 0.
 */
export function relativePositions(pieces: number, hiddenSize: number, clampLength: number | null): Float32Array {
  const rows = 2 * pieces;
  const half = hiddenSize / 2;
  const table = new Float32Array(rows * hiddenSize);
  for (let row = 0; row < rows; row++) {
    const distance = pieces - row;
    const clamped = clampLength === null ? distance : Math.max(-clampLength, Math.min(clampLength, distance));
    for (let k = 0; k < half; k++) {
      const angle = clamped / 10000 ** ((2 * k) / hiddenSize);
      table[row * hiddenSize + k] = Math.sin(angle);
      table[row * hiddenSize + half + k] = Math.cos(angle);
    }
  }
  return table;
}
