// Judges sums of losses and gradient norms, which tell of everything that went wrong in the steps they were summed over.
import { LabError } from '../util/labError.ts';

/** Throws LabError `training/notFinite` for sums or means over the steps up to `step`. */
export function assertFinite(step: number, loss: number, gradientNorm: number): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
  throw new LabError(
    'training/notFinite',
    `The loss stopped being a number at step ${step}; a lower learning rate may help.`,
    {
      expected: 'a finite loss and gradient norm',
      got: `loss ${loss}, gradient norm ${gradientNorm}`,
    },
  );
}
