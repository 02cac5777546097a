// Finds out in which unit a file counts, from the texts that it gives beside its offsets.
import type { CharacterOffsets } from './characterOffsets.ts';
import { countFitting, type WrittenMention } from './placeMentions.ts';

/** A way of counting, for one text. */
export type OffsetSystem = (text: string) => CharacterOffsets;

/** The first of `systems` under which most mentions stand where their text says; asks no second one when the first explains all. */
export function fittingOffsets(
  text: string,
  written: readonly WrittenMention[],
  systems: readonly [OffsetSystem, ...OffsetSystem[]],
): CharacterOffsets {
  const [first, ...others] = systems;
  let best = first(text);
  const told = written.filter((mention) => mention.text !== null);
  let fitting = countFitting(text, best, told);
  for (const system of others) {
    if (fitting === told.length) break;
    const offsets = system(text);
    const count = countFitting(text, offsets, told);
    if (count > fitting) [best, fitting] = [offsets, count];
  }
  return best;
}
