// Writes known corpora in the forms that people write them in, and counts how often reading them loses annotation without a word.
import { rowForms } from './rowForms.ts';
import { spanForms } from './spanForms.ts';
import { findSilentLosses, type InputSource } from './silentLosses.ts';
import type { SoakRow } from './soakRow.ts';

/** One for each kind of format. */
export const inputSources: readonly InputSource[] = [rowForms, spanForms];

/** Number of silent losses of a source that are described. */
const described = 10;

/** Reads `inputs` corpora of each source. A loss is reported with the number that draws the input again. */
export function formsSoak(inputs: number, seed: number, tell: (line: string) => void): SoakRow[] {
  return inputSources.map((source) => {
    const { whole, reported, silent } = findSilentLosses(source, inputs, seed);
    tell(
      `${source.name}: ${whole} read whole, ${reported} otherwise and reported, ${silent.length} silently otherwise`,
    );
    for (const { index, changes, expected, got } of silent.slice(0, described)) {
      tell(`${source.name} ${index}, seed ${seed} (${changes.join('; ')}): expected ${expected}, got ${got}`);
    }
    return { injected: `forms of ${source.name}`, times: inputs, lost: silent.length };
  });
}
