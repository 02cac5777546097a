// Decides which invented names a split of a corpus may use: some are shared, some unseen in training.
import { SPLITS, type Split } from '../../src/data/corpus/corpus.ts';
import type { Rng } from '../../src/util/random.ts';
import type { Producer } from './template.ts';

export const LETTERS = ['a', 'b'] as const;
/** The two sample corpora of a category. */
export type Letter = (typeof LETTERS)[number];

const POOL_SIZE = 30;

/**
 * Produces names for one split of one corpus. The names of a category are divided into pools: one for all, one for the train split
 * of each corpus, one for each other split. Train draws from the first two; devel and test also use names that occur only in the
 * sister corpus's training text (where shared training helps) and names in no training text. `rng` must be the same for all splits
 * and corpora.
 */
export function pooledNames(make: Producer, rng: Rng, letter: Letter, split: Split): Producer {
  const pools = dealPools(make, rng);
  const sister: Letter = letter === 'a' ? 'b' : 'a';
  const shared = pools('shared');
  const own = pools(`${letter}-train`);
  const weighted: readonly (readonly [number, readonly string[]])[] =
    split === 'train'
      ? [[0.5, shared], [0.5, own]] // prettier-ignore
      : [[0.25, shared], [0.2, own], [0.25, pools(`${sister}-train`)], [0.3, pools(`${letter}-${split}`)]]; // prettier-ignore
  return (draw) => {
    let remaining = draw.uniform();
    const pool = weighted.find(([weight]) => (remaining -= weight) < 0)?.[1] ?? shared;
    // Squaring makes the first names of a pool the frequent ones.
    return pool[Math.floor(pool.length * draw.uniform() ** 2)] ?? '';
  };
}

function dealPools(make: Producer, rng: Rng): (name: string) => readonly string[] {
  const names = ['shared', ...LETTERS.flatMap((letter) => SPLITS.map((split) => `${letter}-${split}`))];
  const dealt = new Set<string>();
  const drawing = rng.fork('names');
  for (let attempt = 0; dealt.size < names.length * POOL_SIZE; attempt++) {
    if (attempt > 100_000) throw new Error(`only ${dealt.size} names, such as ${[...dealt][0]}`);
    dealt.add(make(drawing));
  }
  const all = [...dealt];
  return (name) => {
    const index = names.indexOf(name);
    return all.slice(index * POOL_SIZE, (index + 1) * POOL_SIZE);
  };
}
