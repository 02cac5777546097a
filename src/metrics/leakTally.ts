// Counts test sentences that were found in training text, by source and by task.
import type { Leak, LeakCounts, TaskLeaks } from './leaks.ts';
import type { SentencePlace, TextSource } from './textSources.ts';

interface NearPlace extends SentencePlace {
  readonly similarity: number;
}

/** Keeps of each text and source the first sentence with it, and of each text the places that are near. */
export class LeakTally {
  private readonly training: readonly TextSource[];
  private readonly taskNames: readonly string[];
  /** `[texts, sources]`: the first sentence plus one, 0 for none. */
  private readonly exact: Int32Array;
  private readonly near = new Map<number, readonly NearPlace[]>();

  constructor(texts: number, training: readonly TextSource[]) {
    this.training = training;
    this.taskNames = [...new Set(training.map(({ task }) => task))];
    this.exact = new Int32Array(texts * training.length);
  }

  addExact(text: number, source: number, sentence: number): void {
    const at = text * this.training.length + source;
    const known = this.exact[at] as number;
    if (known === 0 || sentence + 1 < known) this.exact[at] = sentence + 1;
  }

  /** In the order of the sources. */
  addNear(text: number, places: readonly NearPlace[]): void {
    if (places.length > 0) this.near.set(text, places);
  }

  /** What was found of these texts, which are the given sentences of one task. */
  report(
    texts: readonly { readonly text: number; readonly sentence: number }[],
  ): LeakCounts & Pick<TaskLeaks, 'bySource' | 'byTask' | 'leaks'> {
    const bySource = this.training.map(({ task, split }) => ({ task, split, exact: 0, near: 0 }));
    const byTask = this.taskNames.map((task) => ({ task, exact: 0, near: 0 }));
    const taskOf = (source: number): number => this.taskNames.indexOf(this.training[source]?.task ?? '');
    const leaks: Leak[] = [];
    for (const { text, sentence } of texts) {
      const exact = this.exactPlaces(text);
      const near = this.near.get(text) ?? [];
      const leak = strongest(sentence, exact, near);
      if (leak === null) continue;
      leaks.push(leak);
      const exactSources = new Set(exact.map(({ source }) => source));
      const nearSources = new Set(near.map(({ source }) => source));
      countOnce(exactSources, nearSources, bySource);
      countOnce(new Set([...exactSources].map(taskOf)), new Set([...nearSources].map(taskOf)), byTask);
    }
    const exact = leaks.filter(({ kind }) => kind === 'exact').length;
    return { exact, near: leaks.length - exact, bySource, byTask, leaks };
  }

  private exactPlaces(text: number): SentencePlace[] {
    const from = text * this.training.length;
    return this.training.flatMap((_, source) => {
      const sentence = (this.exact[from + source] as number) - 1;
      return sentence < 0 ? [] : [{ source, sentence }];
    });
  }
}

function strongest(sentence: number, [first]: readonly SentencePlace[], near: readonly NearPlace[]): Leak | null {
  if (first !== undefined) return { sentence, kind: 'exact', match: first, similarity: 1 };
  const [nearest] = [...near].sort((left, right) => right.similarity - left.similarity);
  if (nearest === undefined) return null;
  const { similarity, ...match } = nearest;
  return { sentence, kind: 'near', match, similarity };
}

/** Counts one test sentence in every group with a match, as near only where the group has no exact one. */
function countOnce(
  exact: ReadonlySet<number>,
  near: ReadonlySet<number>,
  groups: readonly { exact: number; near: number }[],
): void {
  groups.forEach((group, index) => {
    if (exact.has(index)) group.exact++;
    else if (near.has(index)) group.near++;
  });
}
