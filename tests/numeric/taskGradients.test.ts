// Proves that measured gradients are those of finite differences on every machine, that projections keep their products, and that copies are alike and scrambled labels are not.
import { beforeAll, describe, expect, it } from 'vitest';
import type { CorpusSentences, Sentence } from '../../src/data/corpus/corpus.ts';
import { engineMisfit, type EngineProcessor } from '../../src/engine/network/computeOptions.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { GradientProjection, innerProduct } from '../../src/metrics/affinity/linearisedTagger.ts';
import { taskAffinity } from '../../src/metrics/affinity/taskAffinity.ts';
import type { HostParameters } from '../../src/model/blocks/parameterLocation.ts';
import { newHead } from '../../src/model/parameters.ts';
import { queuedRun, type RunSpec } from '../../src/schema/runRecord.ts';
import { readGradients } from '../../src/storage/predictionRecords.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import { padBatch } from '../../src/training/batches.ts';
import { encodeTasks, type TaskText } from '../../src/training/encodeTasks.ts';
import type { LoadedModel } from '../../src/training/loadTagger.ts';
import { measureTaskGradients } from '../../src/training/predictSnapshot.ts';
import { openGradients } from '../../src/training/trainers.ts';
import { drain, finishWork, type Progress } from '../../src/util/clock.ts';
import { Rng } from '../../src/util/random.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { corpusRecord, spec } from '../fixtures/records.ts';
import { tinyConfig, tinyEncoder, tinyEncoderConfig, tinyTasks, tinyTokenizer } from '../fixtures/tinyRun.ts';
import { tinyTraining } from '../fixtures/tinyTraining.ts';

let home: EngineProcessor;
beforeAll(async () => {
  const { processor } = await startBackend('wasm', nodePlatform);
  if (processor === null) throw new Error('no engine on the processor');
  home = processor;
});

const everything = (): boolean => true;

it('the tiny network fits the engine, so that its gradients are not those of the plain network', () => {
  expect(engineMisfit(tinyEncoderConfig)).toBeNull();
});

async function tinyWeights() {
  const tasks = await tinyTasks();
  const weights: HostParameters = new Map([...newHead(tasks.shape.encoder, tasks.shape.head, 3), ...tinyEncoder()]);
  const settings = { shape: tasks.shape, config: tinyConfig, factors: new Map<string, never>(), seed: 1 };
  return { weights, settings, sequences: tasks.train.sequences };
}

describe.each(['the plain network', 'the engine'] as const)('gradients of %s', (machine) => {
  const open = (weights: HostParameters, settings: Awaited<ReturnType<typeof tinyWeights>>['settings']) =>
    openGradients(machine === 'the engine' ? home : null, weights, settings, everything);

  it('are finite differences of the loss, without dropout', async () => {
    const { weights, settings, sequences } = await tinyWeights();
    const batch = padBatch(sequences, [0]);
    const meter = open(weights, settings);
    const { loss, gradients } = await meter.measure(batch);
    const again = await meter.measure(batch);
    meter.dispose();
    expect(again.loss).toBe(loss);
    expect([...gradients.keys()].sort()).toEqual([...weights.keys()].sort());
    const rng = Rng.seeded(2);
    // Along a random direction in each tensor, in the order of the size of its gradient.
    for (const [name, { values, shape }] of weights) {
      const gradient = gradients.get(name)?.values ?? new Float32Array(0);
      const direction = Float32Array.from(values, () => (rng.uniform() < 0.5 ? -1 : 1));
      const lossAt = async (size: number): Promise<number> => {
        const moved = values.map((value, at) => value + size * (direction[at] as number));
        const other = open(new Map([...weights, [name, { shape, values: moved }]]), settings);
        const found = await other.measure(batch);
        other.dispose();
        return found.loss;
      };
      const step = 2e-3;
      const expected = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
      const scale = Math.max(0.1, Math.abs(expected));
      expect(Math.abs(innerProduct(gradient, direction) - expected) / scale, name).toBeLessThan(0.03);
    }
  });
});

it('projections keep the products of whole gradients within five standard deviations', async () => {
  const { weights, settings, sequences } = await tinyWeights();
  const meter = openGradients(null, weights, settings, everything);
  const dimensions = 256;
  const projection = new GradientProjection(dimensions, 1, new Map([...weights].map(([name, { values }]) => [name, values.length]))); // prettier-ignore
  const whole: Float32Array[] = [];
  const projected: Float32Array[] = [];
  for (const index of sequences.keys()) {
    const { gradients } = await meter.measure(padBatch(sequences, [index]));
    const names = [...gradients.keys()].sort();
    whole.push(Float32Array.from(names.flatMap((name) => [...(gradients.get(name)?.values ?? [])])));
    projected.push(projection.project([...gradients].map(([name, { values }]) => [name, values])));
  }
  meter.dispose();
  for (const [row, left] of whole.entries()) {
    for (const [column, right] of whole.entries()) {
      const exact = innerProduct(left, right);
      const deviation = Math.sqrt((innerProduct(left, left) * innerProduct(right, right) + exact ** 2) / dimensions);
      const got = innerProduct(projected[row] ?? [], projected[column] ?? []);
      expect(Math.abs(got - exact)).toBeLessThan(5 * deviation);
    }
  }
});

/** Sentences with one of two names among plain words, as in the tiny corpus, but more. */
function invented(count: number, seed: number): readonly Sentence[] {
  const rng = Rng.seeded(seed);
  return Array.from({ length: count }, () => {
    const words = Array.from({ length: 3 + rng.integer(4) }, () => ['the', 'with', 'no', 'marked', 'of'][rng.integer(5)] ?? ''); // prettier-ignore
    const start = rng.integer(words.length);
    const name = rng.uniform() < 0.5 ? ['brann', 'ague'] : ['morvane'];
    words.splice(start, 0, ...name);
    return { tokens: words, mentions: [{ type: 'Disease', start, end: start + name.length }] };
  });
}
const sentences: CorpusSentences = { train: invented(60, 1), devel: invented(40, 2), test: invented(4, 3) };

/** The same sentences with every mention moved to a random word. */
function scrambled({ train, devel, test }: CorpusSentences): CorpusSentences {
  const rng = Rng.seeded(8);
  const moved = (list: readonly Sentence[]) =>
    list.map(({ tokens }) => {
      const start = rng.integer(tokens.length);
      return { tokens, mentions: [{ type: 'Disease', start, end: start + 1 }] };
    });
  return { train: moved(train), devel: moved(devel), test: moved(test) };
}

const model = { config: tinyEncoderConfig, tokenizer: tinyTokenizer, encoder: tinyEncoder() } as unknown as LoadedModel;
const texts = [sentences, sentences, scrambled(sentences)].map((of): TaskText => ({ sentences: of, type: 'Disease', typeName: null, annotated: null })); // prettier-ignore

/** A joint run on a task, its copy, and the one with scrambled labels. */
async function jointRun(): Promise<{ readonly store: Store; readonly spec: RunSpec }> {
  const tasks = ['moss', 'fern', 'scrambled'].map((name) => {
    const { id, fingerprint } = corpusRecord(name);
    return { corpus: { id, name, fingerprint }, type: 'Disease' };
  });
  const config = { ...tinyConfig, epochs: 3, snapshots: 1 };
  const joint = spec({ method: 'MTL-XC', tasks, category: { name: 'plant', typeName: 'Disease' }, config, seed: 7 });
  const store = memory();
  const encoded = await drain(encodeTasks(texts, model, joint, new AbortController().signal));
  await tinyTraining(store, { tasks: encoded, record: queuedRun(joint, '2025-01-01T00:00:00.000Z'), home });
  return { store, spec: joint };
}

describe('a joint run', () => {
  const asked = { sequences: 40, dimensions: 128, seed: 1 };
  const measure = async (
    { store, spec: joint }: Awaited<ReturnType<typeof jointRun>>,
    given = { ...asked, runId: joint.id, epoch: 3 },
    signal = new AbortController().signal,
  ) => {
    const seen: Progress[] = [];
    await drain(
      measureTaskGradients(given, joint, { texts, model, fixed: new Map() }, store, home, signal),
      (one) => void seen.push(one),
    );
    return { found: await readGradients(store, given), seen };
  };

  let run: Awaited<ReturnType<typeof jointRun>>;
  beforeAll(async () => {
    run = await jointRun();
  });

  it('has the same gradients for two copies of a task, and the lowest affinity to scrambled labels', async () => {
    const { found, seen } = await measure(run);
    expect(seen.at(-1)).toEqual({ phase: 'measuring gradients', done: 239, of: 240 });
    for (const { train, devel, shown } of found?.tasks ?? []) expect([train.length, devel.length, shown > 40]).toEqual([40, 40, true]); // prettier-ignore
    const { cosines, gains, best } = finishWork(taskAffinity(found?.tasks ?? [], 1));
    expect(cosines[0]?.[1]).toBeCloseTo(1, 5);
    expect(cosines[0]?.[2]).toBeLessThan(0);
    expect(gains[0]?.[1]).toBeGreaterThan(0);
    expect(gains[0]?.[2]).toBeLessThan(0);
    expect(best[0]?.subset).toEqual([0, 1]);
    expect(best[0]?.gain.low).toBeGreaterThan(0);
    expect(best[2]?.subset).toEqual([2]);
    // Determinism, and another draw.
    expect((await measure(run)).found).toEqual(found);
    const other = await measure(run, { ...asked, seed: 2, runId: run.spec.id, epoch: 3 });
    expect(other.found?.tasks[0]?.train).not.toEqual(found?.tasks[0]?.train);
  });

  it('refuses a run of one task, an absent snapshot and an aborted signal', async () => {
    const lone = { ...run, spec: spec({ seed: 7, config: tinyConfig }) };
    await expect(measure(lone)).rejects.toMatchObject({ code: 'affinity/method', got: 'STL on one task' });
    await expect(measure(run, { ...asked, runId: run.spec.id, epoch: 9 })).rejects.toMatchObject({ code: 'checkpoint/missing' }); // prettier-ignore
    const abort = new AbortController();
    abort.abort('stop');
    await expect(measure(run, { ...asked, runId: run.spec.id, epoch: 3 }, abort.signal)).rejects.toBe('stop');
  });
});
