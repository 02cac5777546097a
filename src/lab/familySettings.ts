// The settings of a plan that follow from its model rather than from the person.
import type { TrainingConfig } from '../schema/config.ts';
import type { ModelRecord } from '../schema/modelRecord.ts';
import type { PlanFile } from '../schema/planFile.ts';
import { LabError } from '../util/labError.ts';

/** What of a model's record decides. */
export type ModelLimits = Pick<ModelRecord, 'family' | 'positions'>;

/** A BERT knows one way to close a sequence in, XLNet two ways to close one; what is asked for of the other family becomes Hugging Face's own. */
export function specialsOf({ family }: ModelLimits, asked: TrainingConfig['specials']): TrainingConfig['specials'] {
  if (family === 'bert') return 'cls-sep';
  return asked === 'cls-sep' ? 'sep-cls' : asked;
}

/** Whether the longest sequence has a position for each of its pieces. */
export function hasPositions({ positions }: ModelLimits, { maxPieces }: Pick<TrainingConfig, 'maxPieces'>): boolean {
  return positions === undefined || maxPieces <= positions;
}

/**
 * The plan's settings as its model can have them: the specials of its family, and for a BERT, which has no biases that a release would store
 * once for all layers, one way of slicing. Throws LabError `plan/positions` when sequences may be longer than the model has positions.
 */
export function familySettings(
  { config, biases }: Pick<PlanFile, 'config' | 'biases'>,
  model: ModelLimits & Pick<ModelRecord, 'name'>,
): Pick<PlanFile, 'config' | 'biases'> {
  if (!hasPositions(model, config)) {
    throw new LabError('plan/positions', `The model ${model.name} has no positions for sequences as long as these.`, {
      expected: `a longest sequence (maxPieces) of at most ${model.positions} pieces`,
      got: String(config.maxPieces),
    });
  }
  return {
    config: { ...config, specials: specialsOf(model, config.specials) },
    biases: model.family === 'bert' ? 'released' : biases,
  };
}
