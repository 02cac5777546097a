// Chooses what trains and predicts: the WebGPU engine where there is a GPU that it fits, else the plain network.
import type { EngineGpu } from '../engine/network/computeOptions.ts';
import type { HostParameters } from '../model/parameters.ts';
import { enginePredictor, engineTrainer, fitsEngine } from './engineTrainer.ts';
import { plainPredictor, plainTrainer } from './plainTrainer.ts';
import type { StepSettings } from './step.ts';
import { freshState, restoredState, type Predictor, type Trainer } from './trainer.ts';

type Settings = Pick<StepSettings, 'shape' | 'config' | 'factors' | 'seed'>;

/** A trainer that starts from weights alone (moments zero), or goes on from a checkpoint's tensors when `resumed`. */
export function openTrainer(
  gpu: EngineGpu | null,
  tensors: HostParameters,
  settings: Settings,
  trained: (name: string) => boolean,
  resumed: boolean,
): Trainer {
  if (gpu !== null && fitsEngine(settings.shape)) return engineTrainer(gpu, tensors, settings, trained);
  return plainTrainer(resumed ? restoredState(tensors) : freshState(tensors, trained), settings);
}

export function openPredictor(gpu: EngineGpu | null, weights: HostParameters, settings: Settings): Predictor {
  if (gpu !== null && fitsEngine(settings.shape)) return enginePredictor(gpu, weights, settings);
  return plainPredictor(weights, settings.shape);
}
