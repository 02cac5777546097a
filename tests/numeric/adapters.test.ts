// Proves that low-rank adapters compute what PyTorch computes, that merged weights give the same, and that runs with adapters share, save and resume only them.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { compare, readReferenceCase } from '../../scripts/parity/referenceCase.ts';
import type { EngineProcessor } from '../../src/engine/network/computeOptions.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { expandPlan } from '../../src/lab/plans/expandPlan.ts';
import { disposeParameters, isAdapter, uploadParameters } from '../../src/model/blocks/layerBlocks.ts';
import type { HostParameters, HostTensor } from '../../src/model/blocks/parameterLocation.ts';
import {
  adaptedEncoder,
  mergedWeights,
  newAdapters,
  withoutAdapters,
  type TaggerShape,
} from '../../src/model/parameters.ts';
import { emissions, encoderStates, pieceEmissions, summedLoss } from '../../src/model/tagger.ts';
import { readSafetensors } from '../../src/model/weights/safetensors.ts';
import type { Adapters, TrainingConfig } from '../../src/schema/config.ts';
import type { RunRecord, RunSpec } from '../../src/schema/runRecord.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import type { EncodedTasks } from '../../src/training/batches.ts';
import { loadCheckpoint, loadSnapshot } from '../../src/training/checkpoint.ts';
import { loadModel, loadTagger } from '../../src/training/loadTagger.ts';
import { startWeights } from '../../src/training/startWeights.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { relativeError } from '../fixtures/engineAgreement.ts';
import { adapterCases, drawCaseBatch, drawCaseParameters, noDropout } from '../fixtures/engineCases.ts';
import { categoryPlan } from '../fixtures/records.ts';
import { tinyConfig, tinyEncoder, tinyRecord, tinyTasks } from '../fixtures/tinyRun.ts';
import { tinyInputs, tinyServer } from '../fixtures/tinyServer.ts';
import { bitsOf, outcome, tinyTraining } from '../fixtures/tinyTraining.ts';

const fixtures = path.join(import.meta.dirname, '../fixtures');
const bytesOf = async (file: string) => new Uint8Array(await readFile(path.join(fixtures, file)));

let home: EngineProcessor;

beforeAll(async () => {
  const { processor } = await startBackend('wasm', nodePlatform);
  if (processor === null) throw new Error('no engine on the processor');
  home = processor;
});

describe.each(['bert-gelu', 'xlnet-gelu'])('beside the weights of %s', (name) => {
  it('emissions, loss and gradients are those of PyTorch', async () => {
    const folder = `reference/${name}`;
    const known = readReferenceCase({
      configJson: await readFile(path.join(fixtures, folder, 'config.json'), 'utf8'),
      weights: await bytesOf(`${folder}/model.safetensors`),
      caseJson: await readFile(path.join(fixtures, folder, 'case.json'), 'utf8'),
      caseTensors: await bytesOf(`${folder}/case.safetensors`),
    });
    const reference = readSafetensors(await bytesOf(`lora/${name}.safetensors`));
    const theirs = (tensor: string) => Float32Array.from(reference.get(tensor)?.values ?? []);
    const adapters: Adapters = { projections: 'all-linear', rank: 3, alpha: 5, dropout: 0 };
    const shape: TaggerShape = { ...known.shape, encoder: adaptedEncoder(known.shape.encoder, { adapters }) };
    const drawn = [...newAdapters(shape.encoder, 1)].map(([own, tensor]): [string, HostTensor] => {
      expect(reference.get(own)?.shape).toEqual(tensor.shape);
      return [own, { ...tensor, values: theirs(own) }];
    });
    const parameters = uploadParameters(new Map([...known.host, ...drawn]));
    const { batch } = known;
    const scores = tf.tidy(() => {
      const states = encoderStates(batch, parameters, shape.encoder, noDropout, null);
      return pieceEmissions(states.at(-1) as tf.Tensor2D, parameters, shape, noDropout, null);
    });
    const isReal = known.isReal(shape.head.tagCount);
    const rows = [compare('emissions', await scores.data(), theirs('emissions'), 'forward', isReal)];
    const names = [...parameters.keys()].filter((own) => isAdapter(own) || own.startsWith('crf.'));
    const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
      const named = new Map([...parameters, ...names.map((own, at) => [own, tensors[at] as tf.Tensor] as const)]);
      return tf.div(summedLoss(batch, named, shape, noDropout, null), batch.size);
    };
    const { value, grads } = tf.valueAndGrads(loss)(names.map((own) => parameters.get(own) as tf.Tensor));
    rows.push(compare('loss', await value.data(), theirs('loss'), 'sum'));
    for (const [at, own] of names.entries()) {
      rows.push(compare(own, await (grads[at] as tf.Tensor).data(), theirs(`grad.${own}`), 'gradient'));
    }
    expect(rows.length).toBe(2 + drawn.length + 3);
    expect(rows.filter(({ passed }) => !passed)).toEqual([]);
    tf.dispose([scores, value, grads]);
    disposeParameters(parameters);
  });
});

describe.each(adapterCases)('$name', ({ shape, ...given }) => {
  const host = drawCaseParameters(shape);
  const batch = drawCaseBatch({ ...given, shape }, 7);

  it('has emissions within 1e-5 of those of its merged weights', async () => {
    const scoresOf = async (weights: HostParameters, of: TaggerShape) => {
      const parameters = uploadParameters(weights);
      const scores = tf.tidy(() => emissions(batch, parameters, of, noDropout, null));
      const values = Float32Array.from(await scores.data());
      scores.dispose();
      disposeParameters(parameters);
      return values;
    };
    const merged = mergedWeights(host, host, shape.encoder);
    expect([...merged.keys()]).toEqual([...host.keys()]);
    const plain = new Map([...merged].filter(([name]) => !isAdapter(name)));
    const apart = await scoresOf(host, shape);
    expect(relativeError(await scoresOf(plain, withoutAdapters(shape)), apart)).toBeLessThan(1e-5);
    const bare = new Map([...host].filter(([name]) => !isAdapter(name)));
    expect(relativeError(await scoresOf(bare, withoutAdapters(shape)), apart)).toBeGreaterThan(1e-2);
  });

  it('has the gradients of finite differences', () => {
    const names = [...host.keys()].filter(isAdapter);
    const lossAt = (step: number, along: HostParameters): number => {
      const moved = [...host].map(([name, tensor]): [string, HostTensor] => {
        const by = along.get(name)?.values;
        return [name, by === undefined ? tensor : { ...tensor, values: tensor.values.map((value, at) => value + step * (by[at] as number)) }]; // prettier-ignore
      });
      const parameters = uploadParameters(new Map(moved));
      const loss = tf.tidy(
        () => summedLoss(batch, parameters, shape, given.config.dropout, stream).dataSync()[0] ?? NaN,
      );
      disposeParameters(parameters);
      return loss;
    };
    const stream = { seed: 3, step: 1, microBatch: 0 };
    const parameters = uploadParameters(host);
    const gradients = tf.tidy(() => {
      const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
        const named = new Map([...parameters, ...names.map((name, at) => [name, tensors[at] as tf.Tensor] as const)]);
        return summedLoss(batch, named, shape, given.config.dropout, stream);
      };
      return tf
        .grads(loss)(names.map((name) => parameters.get(name) as tf.Tensor))
        .map((one) => Float32Array.from(one.dataSync()));
    });
    disposeParameters(parameters);
    // Along the gradient the loss grows with the gradient's length.
    const length = Math.sqrt(
      gradients.reduce((sum, one) => sum + one.reduce((inner, value) => inner + value ** 2, 0), 0),
    );
    const along = new Map(
      names.map((name, at) => {
        const values = (gradients[at] as Float32Array<ArrayBuffer>).map((value) => value / length);
        return [name, { shape: (host.get(name) as HostTensor).shape, values }];
      }),
    );
    const slope = (lossAt(5e-3, along) - lossAt(-5e-3, along)) / 1e-2;
    expect(Math.abs(slope / length - 1)).toBeLessThan(1e-2);
  });
});

describe('a run with adapters', () => {
  const config: TrainingConfig = {
    ...tinyConfig,
    adapters: { projections: 'all-linear', rank: 2, alpha: 4, dropout: 0.2 },
  };
  const record = tinyRecord(config);
  const { id } = record.spec;
  let tasks: EncodedTasks;
  let pretrained: HostParameters;
  beforeAll(async () => {
    tasks = await tinyTasks(config);
    pretrained = tinyEncoder();
  });
  const onEngine = (store: Store, more: Partial<Parameters<typeof tinyTraining>[1]> = {}) =>
    tinyTraining(store, { tasks, record, home, ...more });

  it('saves adapters and head alone, and learns as on the plain network', async () => {
    const [engine, plain] = [memory(), memory()];
    const [ours, theirs] = [await onEngine(engine), await tinyTraining(plain, { tasks, record })];
    expect([ours.status, theirs.status]).toEqual(['finished', 'finished']);
    for (const [at, { loss }] of theirs.steps.entries()) expect(Math.abs((ours.steps[at]?.loss ?? NaN) / loss - 1)).toBeLessThan(1e-3); // prettier-ignore
    expect(ours.snapshots).toEqual(theirs.snapshots);
    const saved = await loadSnapshot(engine, id, config.epochs);
    expect([...saved.keys()].filter((name) => !isAdapter(name)).sort()).toEqual(
      ['crf.end', 'crf.start', 'crf.transitions', 'head.bias', 'head.kernel'].filter((name) => config.crfStartEnd || !/start|end/.test(name)), // prettier-ignore
    );
    const drawn = newAdapters(tasks.shape.encoder, record.spec.seed);
    for (const [name, { values }] of drawn) expect(saved.get(name)?.values, name).not.toEqual(values);
    expect([...drawn.keys()].filter((name) => !saved.has(name))).toEqual([]);
    expect(pretrained).toEqual(tinyEncoder());
  });

  it.each([1, 3, 6, 9])(
    'resumes to the same bits after a pause at event %i, with a checkpoint of adapters and head',
    async (at) => {
      const whole = memory();
      await onEngine(whole);
      const store = memory();
      const abort = new AbortController();
      const left = await onEngine(store, {
        abort,
        onEvent: (_: unknown, index: number): void => void (index === at && abort.abort('pause')),
      });
      expect(left.status).toBe('paused');
      const checkpoint = await loadCheckpoint(store, id);
      expect([...(checkpoint?.tensors.keys() ?? [])].filter((name) => /^(adam\.\w+\/)?(embedding|layer\.\d+\.(?!.*adapter))/.test(name))).toEqual([]); // prettier-ignore
      await onEngine(store);
      expect(await outcome(store, id)).toEqual(await outcome(whole, id));
    },
  );
});

describe('through the server, with every method', () => {
  const store = memory();
  const client = tinyServer(store);
  const config: TrainingConfig = {
    ...tinyConfig,
    labelMode: 'x',
    maxPieces: 40,
    epochs: 1,
    snapshots: 1,
    specials: 'cls-sep',
    adapters: { projections: 'query-value', rank: 3, alpha: 6, dropout: 0 },
  };
  const records = new Map<string, RunRecord>();
  let specs: readonly RunSpec[];
  let pretrained: HostParameters;

  beforeAll(async () => {
    await client.call('start', 'wasm');
    const { model, corpora } = await tinyInputs(store, client);
    pretrained = (await loadModel(store, model, false)).encoder;
    const rounds = { count: 1, epochs: 1 };
    specs = expandPlan(categoryPlan({ config, frozen: true, rounds }), { corpora, models: [model] });
    for (const spec of specs) records.set(spec.id, await client.call('train', spec));
  }, 120_000);

  it('finishes every run and round', () => {
    expect(new Set(specs.map(({ method, round }) => `${method} ${round}`)).size).toBe(6);
    for (const { failure, status } of records.values()) expect([failure, status]).toEqual([null, 'finished']);
  });

  it.each([0, 1, 2])(
    'MTL-LS at k = %i of 2 starts with the joint adapters of layers below k alone, frozen',
    async (layers) => {
      const spec = specs.find(({ slicing, round }) => slicing?.layers === layers && round === 0) as RunSpec;
      const joint = bitsOf(await loadSnapshot(store, spec.parent ?? '', 1));
      const start = bitsOf(await startWeights(spec, pretrained, store));
      const shared = Object.keys(joint).filter((name) => isAdapter(name) && Number(/^layer\.(\d+)/.exec(name)?.[1]) < layers); // prettier-ignore
      const own = Object.keys(start).filter((name) => !pretrained.has(name));
      expect(own.sort()).toEqual(shared.sort());
      expect(own.length).toBe(4 * layers);
      const end = bitsOf(await loadSnapshot(store, spec.id, 1));
      for (const [name, bits] of Object.entries(end)) expect(bits === joint[name], name).toBe(shared.includes(name));
      for (const [name, bits] of Object.entries(bitsOf(pretrained))) expect(start[name]).toBe(bits);
    },
  );

  it('a later round starts with adapters and head of the first', async () => {
    const spec = specs.find(({ round }) => round === 1) as RunSpec;
    const first = await loadSnapshot(store, spec.parent ?? '', 1);
    expect(bitsOf(await startWeights(spec, pretrained, store))).toEqual(bitsOf(new Map([...pretrained, ...first])));
  });

  it('a tagger is loaded with merged weights, refuses a damaged model, and switches to another task’s adapters without reading it', async () => {
    const { id } = specs[0] as RunSpec;
    const ref = { kind: 'snapshot', runId: id, epoch: 1 } as const;
    const { weights, base } = await loadTagger(store, ref);
    expect(bitsOf(weights)).toEqual(bitsOf(mergedWeights(await loadSnapshot(store, id, 1), pretrained, config)));
    expect([...weights.keys()].filter(isAdapter)).toEqual([]);
    const key = (await store.keys('model/')).find((name) => name.endsWith('model.safetensors')) as string;
    const bytes = (await store.read(key)) as Uint8Array<ArrayBuffer>;
    const damaged = bytes.slice();
    damaged[damaged.length - 3] = (damaged[damaged.length - 3] as number) ^ 1;
    await store.write(key, damaged);
    await expect(loadTagger(store, ref)).rejects.toMatchObject({ code: 'model/damaged' });
    // The tagger of the whole category shares what this one was merged into, and reads none of it again.
    const other = { ...ref, runId: specs.find(({ method }) => method === 'MTL-XC')?.id ?? '' };
    const switched = await loadTagger(store, other, base);
    const fresh = mergedWeights(await loadSnapshot(store, other.runId, 1), pretrained, config);
    expect(bitsOf(switched.weights)).toEqual(bitsOf(fresh));
    expect(bitsOf(fresh)).not.toEqual(bitsOf(weights));
    await store.write(key, bytes);
  });
});
