// Decides which of several openings of one lab, in tabs of one browser, may change it: the others may only look.
import { LabError } from '../../util/labError.ts';
import type { LabStore } from './labStore.ts';

/**
 * Tabs of one browser share one store, and two trainings that write to it would overwrite each other's records. So one tab has the lab: it
 * trains and writes. Every other tab shows what is stored, reads it again when a person comes back to it, and takes the lab over once the
 * first tab is gone. Where the lab cannot be open twice, as in Node, there is nothing to claim and every call is allowed.
 */
export interface Claim {
  /** Whether the lab was free, so that it is ours at once. */
  readonly isOurs: boolean;
  /** Resolves when it is ours, now or when the tab that has it is gone; from then on it stays ours. */
  readonly whenOurs: Promise<void>;
}

/** Grants the right to change a lab. */
export interface Ownership {
  /** Asks for the lab, once, and answers soon. Never rejects. */
  claim(): Promise<Claim>;
}

/**
 * The claim of this opening of the lab, and the guard before every call that changes something or needs the device. The owner in the lab's
 * state says what the page shows; calls are guarded here too, since a page may be older than the claim.
 */
export class OwnerGuard {
  /** Undefined where the lab cannot be open more than once. */
  readonly claimed: Promise<Claim> | undefined;
  private readonly labStore: LabStore;

  constructor(labStore: LabStore, ownership: Ownership | undefined) {
    this.labStore = labStore;
    if (ownership !== undefined) labStore.update(() => ({ owner: 'elsewhere' }));
    this.claimed = ownership?.claim().then((claim) => {
      if (claim.isOurs) labStore.update(() => ({ owner: 'here' }));
      return claim;
    });
  }

  /** Does `work` where the lab is ours; waits for the claim to be answered first. Rejects with LabError `lab/elsewhere`. */
  async run<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
    if (this.isElsewhere) await this.claimed;
    this.refuseElsewhere();
    return work();
  }

  /** Throws LabError `lab/elsewhere` while another tab has the lab. */
  refuseElsewhere(): void {
    if (!this.isElsewhere) return;
    throw new LabError(
      'lab/elsewhere',
      'This lab is open in another tab, which does the training and changes what is stored: do it there, or close that tab.',
    );
  }

  private get isElsewhere(): boolean {
    return this.labStore.getState().owner === 'elsewhere';
  }
}
