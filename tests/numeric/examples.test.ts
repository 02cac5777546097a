// Proves that the example plan trains on the processor: its first task, under single-task learning, through the headless command.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { planFileSchema, resultFileSchema } from '../../src/schema/resultFile.ts';
import { projectRoot, runScript } from '../fixtures/npmScript.ts';

it('trains a task of the example plan to a scored result file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'bioner-example-'));
  try {
    const plan = planFileSchema.parse(
      JSON.parse(await readFile(path.join(projectRoot, 'examples/sample.plan.json'), 'utf8')),
    );
    const [category] = plan.categories;
    if (category === undefined) throw new Error('the plan has no category');
    const small = {
      ...plan,
      methods: ['STL'],
      slicingRates: [],
      categories: [{ ...category, tasks: category.tasks.slice(0, 1) }],
    };
    const planFile = path.join(folder, 'small.plan.json');
    await writeFile(planFile, JSON.stringify(small));
    const { exitCode, output, errors } = await runScript('headless', [planFile, '--out', folder, '--backend', 'wasm']);
    expect(exitCode, `${output}${errors}`).toBe(0);
    const result = resultFileSchema.parse(JSON.parse(await readFile(path.join(folder, 'sample.result.json'), 'utf8')));
    expect(result.runs).toHaveLength(1);
    const [run] = result.runs;
    expect(run).toMatchObject({ status: 'finished', step: 19, totalSteps: 19 });
    // Far from trained after 19 steps, and far from nothing.
    expect(run?.epochs[0]?.devel[0]?.lenient.overall.f1).toBeGreaterThan(30);
    expect(run?.snapshots[0]?.test[0]?.sentences).toBe(100);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
