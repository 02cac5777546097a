// Which sequences of which task an epoch of multi-task training shows.
import type { TrainingConfig } from '../schema/config.ts';
import { Rng } from '../util/rng.ts';

/**
 * Indices of the sequences shown in an epoch; tasks have `sizes` sequences each, numbered one task after the other. As many are shown as
 * there are, shared among the tasks in proportion to their size (each once: the paper's shuffle of all datasets), to its square root, or
 * equally. A task that is shown more often than it has sequences starts again in a new order; one shown less often goes on in later
 * epochs where it stopped in earlier ones, so that over epochs all are seen equally often. A function of (seed, epoch) alone.
 */
export function taskMixer(
  sizes: readonly number[],
  mixing: TrainingConfig['mixing'],
  seed: number,
  epoch: number,
): readonly number[] {
  const rng = Rng.seeded(seed).fork('mixing'); // the epoch enters through the draw numbers
  const shares = sharesOf(sizes, mixing);
  const shown: number[] = [];
  let offset = 0;
  for (const [task, size] of sizes.entries()) {
    const share = shares[task] as number;
    let pass = -1;
    let order: readonly number[] = [];
    for (let draw = epoch * share; draw < (epoch + 1) * share; draw++) {
      if (Math.floor(draw / size) !== pass) {
        pass = Math.floor(draw / size);
        order = rng.fork(task, pass).shuffled(Array.from({ length: size }, (_, index) => offset + index));
      }
      shown.push(order[draw % size] as number);
    }
    offset += size;
  }
  return shown;
}

/** How many sequences of each task an epoch shows: whole numbers that add up to the total, by largest remainder. */
export function sharesOf(sizes: readonly number[], mixing: TrainingConfig['mixing']): readonly number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const weights = sizes.map((size) => {
    if (size === 0 || mixing === 'proportional') return size;
    return mixing === 'squareRoot' ? Math.sqrt(size) : 1;
  });
  const weight = weights.reduce((sum, value) => sum + value, 0);
  const exact = weights.map((value) => (total * value) / weight);
  const shares = exact.map(Math.floor);
  const left = total - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact.map((_, task) => task).sort((a, b) => remainder(exact, b) - remainder(exact, a) || a - b);
  for (const task of byRemainder.slice(0, left)) shares[task] = (shares[task] as number) + 1;
  return shares;
}

function remainder(exact: readonly number[], task: number): number {
  const value = exact[task] as number;
  return value - Math.floor(value);
}
