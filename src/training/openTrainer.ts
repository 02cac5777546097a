// Chooses the trainer and predictor: the engine if there is a machine for it and the tagger fits it, else plain tfjs.
import { engineMisfit, type EngineHome } from '../engine/network/computeOptions.ts';
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import { enginePredictor, engineTrainer } from './engineTrainer.ts';
import { plainPredictor, plainTrainer } from './plainTrainer.ts';
import { withoutAdapters } from '../model/adapters.ts';
import type { StepSettings } from './step.ts';
import { freshState, restoredState, type Predictor, type Trainer } from './trainer.ts';

type Settings = Pick<StepSettings, 'shape' | 'config' | 'factors' | 'seed'>;

/** Opens a trainer from weights alone (zero moments), or from a checkpoint's tensors when `resumed`. */
export function openTrainer(
  home: EngineHome | null,
  tensors: HostParameters,
  settings: Settings,
  trained: (name: string) => boolean,
  resumed: boolean,
): Trainer {
  if (home !== null && engineMisfit(settings.shape.encoder) === null)
    return engineTrainer(home, tensors, settings, trained);
  return plainTrainer(resumed ? restoredState(tensors) : freshState(tensors, trained), settings);
}

/** Opens merged weights for prediction: an encoder's adapters are among its weights. */
export function openPredictor(home: EngineHome | null, weights: HostParameters, given: Settings): Predictor {
  const settings = { ...given, shape: withoutAdapters(given.shape) };
  if (home !== null && engineMisfit(settings.shape.encoder) === null) return enginePredictor(home, weights, settings);
  return plainPredictor(weights, settings.shape);
}
