// Which text counts as training text where mentions are looked up in it.
import type { Task } from '../data/corpus.ts';

/** The train splits of these tasks, and their devel splits unless `trainOnly`. */
export interface TrainingText {
  readonly tasks: readonly Task[];
  readonly trainOnly: boolean;
}
