// Rounds float32 to IEEE binary16, as torch's `.half()` does.

/** Bits of each number as a half: to nearest, ties to even; beyond 65,504 infinite, below the smallest subnormal 0. */
export function narrowHalf(values: Float32Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(words, halfOf);
}

function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65,536 and above
  if (magnitude < 0x33000000) return sign; // below half of the smallest subnormal
  const exponent = magnitude >>> 23;
  // A subnormal half keeps fewer bits of the fraction, whose leading 1 then shows.
  const dropped = exponent < 113 ? 126 - exponent : 13;
  const kept = exponent < 113 ? 0x800000 | (magnitude & 0x7fffff) : magnitude - 0x38000000;
  const half = kept >>> dropped;
  const rest = kept & ((1 << dropped) - 1);
  const middle = 1 << (dropped - 1);
  // A carry into the exponent is the next power of two, or infinity.
  return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0));
}
