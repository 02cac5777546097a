// Pairs of neighbouring tags that a tag scheme does not allow.
import type { TagScheme } from './tagScheme.ts';
import { outside, type TagParts } from './tagScheme.ts';

export interface IllegalTransition {
  /** The token whose tag is to blame. */
  readonly index: number;
  /** Completes "Tag X ...". */
  readonly complaint: string;
}

/**
 * Every place of one sentence where two neighbouring tags, or a tag and the sentence's border, break `scheme`. Tags are in the
 * prefixes of IOBES (see tagOfDialect). A lenient reading has a mention there all the same.
 */
export function illegalTransitions(tags: readonly TagParts[], scheme: TagScheme): IllegalTransition[] {
  const found: IllegalTransition[] = [];
  let previous = outside;
  for (let index = 0; index <= tags.length; index++) {
    const current = tags[index] ?? outside;
    const continues = (previous.prefix === 'B' || previous.prefix === 'I') && previous.type === current.type;
    const complaint = complaintAbout(current.prefix, continues, scheme);
    if (complaint !== null) found.push({ index, complaint });
    else if (scheme === 'IOBES' && isOpen(previous.prefix) && !(continues && isInside(current.prefix))) {
      found.push({ index: index - 1, complaint: 'opens or continues a mention that no E closes' });
    }
    previous = current;
  }
  return found;
}

function complaintAbout(prefix: string, continues: boolean, scheme: TagScheme): string | null {
  if (scheme === 'IOB1') return prefix === 'B' && !continues ? 'does not follow a mention of its type' : null;
  return isInside(prefix) && !continues ? 'does not continue a mention of its type' : null;
}

const isOpen = (prefix: string) => prefix === 'B' || prefix === 'I';
const isInside = (prefix: string) => prefix === 'I' || prefix === 'E';
