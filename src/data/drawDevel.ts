// Draws devel documents from train by a fixed seed, for corpora that come without devel.
import { Rng } from '../util/rng.ts';

/** Never to be changed: the same corpus has to get the same splits everywhere. */
const develSeed = 1;
const develShare = 0.2;

/**
 * About a fifth of the ids. Each is drawn by itself, whatever stands beside it and in whatever order. Where that would take none
 * or all, the one drawn first is taken; of a single id none.
 */
export function drawDevel(ids: ReadonlySet<string>): ReadonlySet<string> {
  if (ids.size < 2) return new Set();
  const draws = [...ids].map((id) => ({ id, draw: Rng.seeded(develSeed).fork('devel', id).uniform() }));
  const drawn = draws.filter(({ draw }) => draw < develShare);
  if (drawn.length > 0 && drawn.length < draws.length) return new Set(drawn.map(({ id }) => id));
  draws.sort((left, right) => left.draw - right.draw);
  return new Set(draws.slice(0, 1).map(({ id }) => id));
}
