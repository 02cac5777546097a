// The softmax head and its tags on the processor, in JavaScript on the same memory: little work, in float64.
import type { GradientScale } from './chainKernels.ts';
import { at, placeOf, type ChainLengths, type ChainMemory, type Places } from './chainMemory.ts';

/** Losses of the softmax head and the gradient of its emissions. */
export function softmaxLosses(
  { floats, integers }: ChainMemory,
  { sequences, positions, tagCount: K }: ChainLengths,
  places: Places,
  scale: GradientScale,
): void {
  const [emissions, tags, counts, losses, out] = ['emissions', 'tags', 'crfCounts', 'losses', 'dEmissions'].map((name) => placeOf(places, name)) as [number, number, number, number, number]; // prettier-ignore
  for (let b = 0; b < sequences; b++) {
    const count = at(integers, counts + b);
    let lost = 0;
    for (let n = 0; n < positions; n++) {
      const row = (b * positions + n) * K;
      if (n >= count) {
        floats.fill(0, out + row, out + row + K);
        continue;
      }
      const gold = at(integers, tags + b * positions + n);
      let best = -Infinity;
      for (let k = 0; k < K; k++) best = Math.max(best, at(floats, emissions + row + k));
      let sum = 0;
      for (let k = 0; k < K; k++) sum += Math.exp(at(floats, emissions + row + k) - best);
      lost += best - at(floats, emissions + row + gold) + Math.log(sum);
      for (let k = 0; k < K; k++) {
        const probability = Math.exp(at(floats, emissions + row + k) - best) / sum;
        floats[out + row + k] = (probability - (k === gold ? 1 : 0)) * scale;
      }
    }
    floats[losses + b] = lost;
  }
}

/** Tags with the largest emission, ties to the lower one. */
export function argmaxOfRows(
  { floats, integers }: ChainMemory,
  { sequences, positions, tagCount: K }: ChainLengths,
  places: Places,
): void {
  const [emissions, counts, tags] = ['emissions', 'crfCounts', 'tags'].map((name) => placeOf(places, name)) as [number, number, number]; // prettier-ignore
  for (let row = 0; row < sequences * positions; row++) {
    let tag = 0;
    if (row % positions < at(integers, counts + Math.floor(row / positions))) {
      for (let k = 1; k < K; k++) {
        if (at(floats, emissions + row * K + k) > at(floats, emissions + row * K + tag)) tag = k;
      }
    }
    integers[tags + row] = tag;
  }
}
