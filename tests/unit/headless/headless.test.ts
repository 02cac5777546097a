// Proves that headless trains a plan file into a result file, resumes after an interrupt, and reports errors by its exit code.
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { headlessArguments } from '../../../headless/headlessArguments.ts';
import { parseResultFile } from '../../../src/lab/plans/resultFiles.ts';
import type { PlanFile } from '../../../src/schema/resultFile.ts';
import type { DroppedFile } from '../../../src/util/namedFile.ts';
import { droppedCorpus } from '../../fixtures/drops.ts';
import type { FakeTraining } from '../../fixtures/fakeServer.ts';
import { fakeHeadless, headlessFolder, writeDrops, type HeadlessOptions } from '../../fixtures/headlessBench.ts';
import { hubCommit, hubServer } from '../../fixtures/hub/hubServer.ts';
import { modelFolder } from '../../fixtures/modelFolders.ts';
import { categoryPlan, planFile, planOfTasks } from '../../fixtures/records.ts';

let folder = '';
beforeEach(async () => {
  folder = await headlessFolder();
});
// What was being written when a command ended may still arrive.
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

const writeAll = (under: string, files: readonly DroppedFile[]) => writeDrops(folder, under, files);
const headless = (plan: PlanFile | string, training?: FakeTraining, options?: HeadlessOptions) =>
  fakeHeadless(folder, plan, training, options);

async function results(): Promise<string[]> {
  return (await readdir(path.join(folder, 'out'))).filter((name) => name.endsWith('.json'));
}

describe('headless', () => {
  it('writes the result of a plan and trains nothing when called again', async () => {
    const plan = planFile({ name: 'two seeds / moss', seeds: [1, 2] });
    const first = await headless(plan);
    expect(first).toMatchObject({ exitCode: 0, errors: '' });
    expect(await results()).toEqual(['two-seeds-moss.result.json']);
    const text = await readFile(path.join(folder, 'out', 'two-seeds-moss.result.json'), 'utf8');
    const result = parseResultFile(text);
    expect(result.plan).toMatchObject({
      name: 'two seeds / moss',
      categories: [{ tasks: [{ corpus: { name: 'moss' } }] }],
      seeds: [1, 2],
    });
    expect(result.models).toMatchObject([{ name: 'tiny' }]);
    expect(result.runs.map(({ spec, status }) => [spec.seed, status])).toEqual([
      [1, 'finished'],
      [2, 'finished'],
    ]);
    expect(first.output).toContain(
      '[1/2] STL moss Disease seed 1  epoch 2/2  loss 0.250  devel P 75.00 R 75.00 F1 75.00',
    );
    expect(first.output).toContain('test P 75.00 R 75.00 F1 75.00');
    expect(first.output).not.toContain('\x1b');

    const again = await headless(plan);
    expect(again).toMatchObject({ exitCode: 0, errors: '' });
    expect(again.server?.begun).toEqual([]);
  });

  it('pauses on an interrupt with 130, and the same command resumes', async () => {
    const interrupt = new AbortController();
    const plan = planFile({ seeds: [1, 2] });
    const paused = await headless(
      plan,
      {
        async beforeStep(_runId, step, interrupted) {
          if (step !== 3) return;
          interrupt.abort();
          await interrupted;
        },
      },
      { interrupt: interrupt.signal },
    );
    expect(paused).toMatchObject({ exitCode: 130, errors: expect.stringContaining('checkpoint') });
    expect(paused.server?.begun).toHaveLength(1);
    expect(await results()).toEqual([]);
    const resumed = await headless(plan);
    expect(resumed.exitCode).toBe(0);
    expect(resumed.server?.begun).toHaveLength(2);
    // The first run resumes after its first epoch, which is not reported again.
    expect(resumed.output).not.toContain('seed 1  epoch 1/2');
    expect(resumed.output).toContain('seed 1  epoch 2/2');
  });

  it('writes a model folder for each finished run on request, replacing an existing one', async () => {
    const plan = planFile({ seeds: [1, 2] });
    for (let time = 0; time < 2; time++) {
      const { exitCode, output } = await headless(plan, {}, { more: ['--export-models'] });
      expect(exitCode).toBe(0);
      expect(output.match(/^Model: /gm)).toHaveLength(2);
      const models = path.join(folder, 'out', 'models');
      const [first = '', ...others] = (await readdir(models)).sort();
      expect(first).toMatch(/^STL-moss-Disease-seed-1-[0-9a-f]{8}$/);
      expect(others).toEqual([expect.stringMatching(/^STL-moss-Disease-seed-2-[0-9a-f]{8}$/)]);
      // The fake server gives this file in two chunks.
      expect(await readFile(path.join(models, first, 'config.json'), 'utf8')).toBe('{}{}');
    }
  });

  it('rewrites one line on a terminal', async () => {
    const { output } = await headless(planFile(), {}, { isTTY: true });
    expect(output).toContain('\r\x1b[K[1/1] STL moss Disease seed 1  step 1/4  loss 1.000  lr 1.00e-3  1000 tokens/s');
  });

  it('writes the result and exits 1 when a run failed', async () => {
    const failing: FakeTraining = {
      beforeStep(_runId, step) {
        if (step === 3) throw new Error('loss is not finite');
      },
    };
    expect(await headless(planFile(), failing)).toMatchObject({
      exitCode: 1,
      output: expect.stringContaining('failed: loss is not finite'),
    });
    expect(await results()).toEqual(['trial.result.json']);
  });

  it('prints the graph of a whole plan, trains it parents first, and reports what it reuses', async () => {
    await writeAll('corpora', droppedCorpus('fern', 'fern'));
    const plan = categoryPlan({ slicingRates: [0.5], rounds: { count: 1, epochs: 1 } });
    const first = await headless(plan);
    expect(first).toMatchObject({ exitCode: 0, errors: '' });
    expect(first.output).toContain(
      [
        '  MTL-XC plant seed 1  4 steps',
        '    MTL-XC plant seed 1 round 1  2 steps',
        '    MTL-LS 0.50 plant moss Disease seed 1  2 steps',
        '      MTL-LS 0.50 plant moss Disease seed 1 round 1  1 step',
        '    MTL-LS 0.50 plant fern Disease seed 1  2 steps',
        '      MTL-LS 0.50 plant fern Disease seed 1 round 1  1 step',
        '10 runs to train, 18 steps, up to 0.0 MB of storage.',
      ].join('\n'),
    );
    expect(first.output).toContain('[5/10] MTL-XC plant seed 1  epoch 2/2  loss 0.250  devel F1 75.00 (75.00 75.00)');
    expect(first.server?.begun).toHaveLength(10);
    const [name = ''] = await results();
    const result = parseResultFile(await readFile(path.join(folder, 'out', name), 'utf8'));
    expect(result.plan).toMatchObject({ methods: ['STL', 'MTL-XC', 'MTL-LS'], slicingRates: [0.5] });
    expect(result.runs).toHaveLength(10);

    const more = await headless(categoryPlan({ slicingRates: [0.5, 1], rounds: { count: 1, epochs: 1 } }));
    expect(more.output).toContain('  MTL-XC plant seed 1  already finished, reused');
    expect(more.output).toContain('4 runs to train, 6 steps');
    expect(more.server?.begun).toHaveLength(4);
  });

  it('exits 1 when the parent of other runs failed, and names those runs', async () => {
    await writeAll('corpora', droppedCorpus('fern', 'fern'));
    let trained = 0;
    const failing: FakeTraining = {
      beforeStep(_runId, step) {
        if (step === 1 && ++trained === 3) throw new Error('loss is not finite');
      },
    };
    const { exitCode, errors, server } = await headless(categoryPlan({ slicingRates: [1] }), failing);
    expect(exitCode).toBe(1);
    expect(server?.begun).toHaveLength(3);
    expect(errors).toContain('MTL-XC plant seed 1 failed: loss is not finite');
    expect(errors).toContain(
      'Not trained: MTL-LS 1.00 plant fern Disease seed 1. Waits for MTL-XC of plant, which failed: try it again.',
    );
    expect(await results()).toEqual(['trial.result.json']);
  });

  const refusals: [string, PlanFile | string, string][] = [
    ['a plan that is not JSON', '{', 'is not JSON'],
    ['JSON that is no plan', '{"name":"x"}', 'not a plan file'],
    ['a corpus that is nowhere', planOfTasks([{ corpus: { name: 'lichen' }, type: null }]), 'lichen'],
    ['a model that is nowhere', planFile({ model: { name: 'large' } }), 'large'],
    [
      'a corpus of other content',
      planOfTasks([{ corpus: { name: 'moss', fingerprint: 'f00d' }, type: null }]),
      'Expected fingerprint f00d',
    ],
    [
      'a type the corpus lacks',
      planOfTasks([{ corpus: { name: 'moss' }, type: 'Gene' }]),
      'Expected Disease. Got Gene',
    ],
    ['a name that leaves the folder', planFile({ model: { name: '../models/tiny' } }), 'name of a folder'],
  ];
  it.each(refusals)('exits 2 for %s', async (_what, plan, reason) => {
    expect(await headless(plan)).toMatchObject({ exitCode: 2, errors: expect.stringContaining(reason) });
  });

  it('takes the corpus of the folder, not an older one of the same name in its store', async () => {
    await headless(planFile());
    await writeAll('corpora', droppedCorpus('moss', 'fern'));
    const changed = await headless(planFile());
    expect(changed).toMatchObject({ exitCode: 0 });
    expect(changed.server?.begun).toHaveLength(1);
  });
});

describe('a model from a hub', () => {
  it('is downloaded once, despite an interruption, and used for training', async () => {
    const files = Object.fromEntries(modelFolder('f16').map(({ name, bytes }) => [name, bytes]));
    const hub = await hubServer('moss/tiny-model', files);
    try {
      const more = ['--model-from', 'moss/tiny-model', '--hub', hub.address];
      hub.faults = { breakAfter: 10_000 };
      const broken = await headless(planFile(), {}, { more });
      expect(broken).toMatchObject({ exitCode: 1, errors: expect.stringContaining('broke off') });
      expect(await headless(planFile(), {}, { more })).toMatchObject({ exitCode: 0, errors: '' });
      expect(hub.asked).toContain('model.safetensors 10000-');
      const text = await readFile(path.join(folder, 'out', (await results())[0] ?? ''), 'utf8');
      expect(parseResultFile(text).runs[0]?.spec.model.name).toBe('tiny-model');
      hub.asked.length = 0;
      const again = await headless(planFile(), {}, { more });
      expect(again).toMatchObject({ exitCode: 0 });
      expect(again.server?.begun).toEqual([]);
      expect(hub.asked).toEqual([]);
      const atCommit = ['--model-from', `moss/tiny-model@${hubCommit}`, '--hub', hub.address];
      expect(await headless(planFile(), {}, { more: atCommit })).toMatchObject({ exitCode: 0 });
      expect(hub.asked).toEqual([]);
    } finally {
      await hub.close();
    }
  });
});

describe('its command line', () => {
  it('makes paths absolute and leaves the backend to the lab', () => {
    expect(headlessArguments(['plan.json', '--out', 'out'])).toEqual({
      planFile: path.resolve('plan.json'),
      corporaFolder: null,
      modelsFolder: null,
      modelFrom: null,
      outFolder: path.resolve('out'),
      exportModels: false,
      backend: 'auto',
      machine: {},
      part: { threads: null, adapter: null },
      runs: [],
      parentFolders: [],
      resultFile: null,
      jobs: 1,
      snapshots: 'all',
      json: false,
    });
    const gpu = ['--gpu-memory', '1.5', '--activations', 'recomputed', '--precision', 'mixed'];
    expect(headlessArguments(['plan.json', '--out', 'out', ...gpu]).machine).toEqual({
      gpuBytes: 1.5 * 2 ** 30,
      activations: 'recomputed',
      precision: 'mixed',
    });
    expect(headlessArguments(['plan.json', '--out', 'out', '--threads', '3']).machine).toEqual({ threads: 3 });
    expect(headlessArguments(['plan.json', '--out', 'out', '--multiply-adds', 'fused']).machine).toEqual({ multiplyAdds: 'fused' }); // prettier-ignore
    const hub = ['--model-from', 'moss/tiny@v1', '--hub', 'http://localhost:8080/'];
    expect(headlessArguments(['plan.json', '--out', 'out', ...hub])).toMatchObject({
      modelFrom: { repository: 'moss/tiny', revision: 'v1' },
      machine: { hub: 'http://localhost:8080' },
    });
    const { modelFrom } = headlessArguments(['plan.json', '--out', 'out', '--model-from', 'moss/tiny']);
    expect(modelFrom).toEqual({ repository: 'moss/tiny', revision: 'main' });
  });

  it.each([
    [[]],
    [['plan.json']],
    [['a.json', 'b.json', '--out', 'x']],
    [['plan.json', '--out', 'x', '--backend', 'cuda']],
    [['plan.json', '--out', 'x', '--speed', 'fast']],
    [['plan.json', '--out', 'x', '--gpu-memory', 'much']],
    [['plan.json', '--out', 'x', '--precision', 'f8']],
    [['plan.json', '--out', 'x', '--threads', '0']],
    [['plan.json', '--out', 'x', '--threads', 'all']],
    [['plan.json', '--out', 'x', '--multiply-adds', 'once']],
    [['plan.json', '--out', 'x', '--threads', '']],
  ])('refuses %j', (args) => {
    expect(() => headlessArguments(args)).toThrow(expect.objectContaining({ code: 'headless/usage' }));
  });

  it('exits 2 with the usage, and 0 for help', async () => {
    const wrong = await headless(planFile(), {}, { more: ['--backend', 'cuda'] });
    expect(wrong).toMatchObject({ exitCode: 2, errors: expect.stringContaining('Usage: npm run headless') });
    const help = await headless(planFile(), {}, { more: ['--help'] });
    expect(help).toMatchObject({ exitCode: 0, output: expect.stringContaining('Usage: npm run headless') });
  });
});
