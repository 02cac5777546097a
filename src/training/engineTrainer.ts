// Trains and predicts with the engine's recorded launch plans, on a GPU or on the processor.
import { openMachine, type EngineHome } from '../engine/network/computeOptions.ts';
import { TaggerEngine } from '../engine/network/taggerEngine.ts';
import { memoryReport } from '../engine/start/startBackend.ts';
import { isSaved } from '../model/adapters.ts';
import type { Batch } from '../model/blocks/batch.ts';
import {
  FIRST,
  SECOND,
  tensorsWithPrefix,
  type HostParameters,
  type HostTensor,
} from '../model/blocks/hostParameters.ts';
import type { StepSettings } from './step.ts';
import type { GradientMeter, Prediction, Predictor, Trainer } from './trainer.ts';

type Settings = Pick<StepSettings, 'shape' | 'config' | 'factors' | 'seed'>;

/** A trainer that exposes its engine for measurement. */
export interface EngineTrainer extends Trainer {
  readonly engine: TaggerEngine;
}

function openEngine(home: EngineHome, settings: Settings, trained: (name: string) => boolean): TaggerEngine {
  const { shape, config, factors } = settings;
  return new TaggerEngine(openMachine(home), {
    shape,
    config,
    trained,
    factorsOf: (name) => factors.get(name) ?? { rate: 1, gradient: 1 },
    ...home.compute,
  });
}

/** Starts from `tensors` as written by `checkpointTensors`; missing moments are zero. */
export function engineTrainer(
  home: EngineHome,
  tensors: HostParameters,
  settings: Settings,
  trained: (name: string) => boolean,
): EngineTrainer {
  const engine = openEngine(home, settings, trained);
  const { weights, first, second } = tensorsWithPrefix(tensors);
  engine.upload(weights);
  engine.upload(first, 'first');
  engine.upload(second, 'second');
  return {
    engine,
    async *prepare(sizes) {
      // Largest first, so that memory for temporaries is allocated once.
      const missing = sizes
        .filter((size) => !engine.isPrepared(size))
        .sort((left, right) => right.size * right.pieces - left.size * left.pieces);
      for (const [done, size] of missing.entries()) {
        yield { phase: 'compiling', done, of: missing.length };
        await engine.prepare(size);
      }
    },
    update: (microBatches, step, learningRate) =>
      engine.step(microBatches, { seed: settings.seed, step, learningRate }),
    readPending: () => engine.readPending(),
    setPending: (loss, gradientNorm) => engine.setPending(loss, gradientNorm),
    weights: () => engine.download(),
    async checkpointTensors() {
      const saved = (name: string): boolean => isSaved(name, settings.shape.encoder);
      const all = new Map<string, HostTensor>(await engine.download('parameter', saved));
      for (const [name, tensor] of await engine.download('first')) all.set(FIRST + name, tensor);
      for (const [name, tensor] of await engine.download('second')) all.set(SECOND + name, tensor);
      return all;
    },
    predict: (batch) => predictionOf(engine, batch, settings.shape.head.tagCount),
    memory() {
      const tfjs = memoryReport();
      const { bytes } = engine.machine;
      return { ...tfjs, tensorBytes: bytes, gpuBytes: 'module' in home ? null : (tfjs.gpuBytes ?? 0) + bytes };
    },
    dispose: () => engine.release(),
  };
}

/** Opens weights for prediction only, without gradients and moments. */
export function enginePredictor(home: EngineHome, weights: HostParameters, settings: Settings): Predictor {
  const engine = openEngine(home, settings, () => false);
  engine.upload(weights);
  return {
    predict: (batch) => predictionOf(engine, batch, settings.shape.head.tagCount),
    dispose: () => engine.release(),
  };
}

/** See `GradientMeter`; `settings` has no dropout. */
export function engineGradients(
  home: EngineHome,
  weights: HostParameters,
  settings: Settings,
  trained: (name: string) => boolean,
): GradientMeter {
  const engine = openEngine(home, settings, trained);
  engine.upload(weights);
  return {
    async measure(batch) {
      engine.setPending(0, 0);
      // At this rate an update leaves the weights as they are.
      await engine.step([batch], { seed: settings.seed, step: 1, learningRate: 0 });
      const [loss] = await engine.readPending();
      const scaled = await engine.download('gradient');
      const { lossScale } = engine;
      if (lossScale !== 1) for (const { values } of scaled.values()) values.forEach((value, at) => (values[at] = value / lossScale)); // prettier-ignore
      return { loss, gradients: scaled };
    },
    dispose: () => engine.release(),
  };
}

async function predictionOf(engine: TaggerEngine, batch: Batch, tagCount: number): Promise<Prediction> {
  const { tags, emissions } = await engine.predict(batch);
  const rowsOf = <Values extends Int32Array | Float32Array>(values: Values, width: number) =>
    Array.from(batch.crfCounts, (count, row) => {
      const from = row * batch.pieces * width;
      return values.slice(from, from + count * width) as Values;
    });
  return { tags: rowsOf(tags, 1), emissions: async () => rowsOf(await emissions(), tagCount) };
}
