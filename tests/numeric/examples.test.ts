// Proves that the example plan trains on the processor: its first task, under single-task learning, through the headless command.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { planFileSchema, resultFileSchema } from '../../src/schema/resultFile.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Runs `npm run headless` without npm between; the exit code, and everything that was printed. */
async function headless(
  args: readonly string[],
): Promise<{ readonly exitCode: number | null; readonly printed: string }> {
  const { scripts } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    readonly scripts: { readonly headless: string };
  };
  const child = spawn(process.execPath, [...scripts.headless.split(' ').slice(1), ...args], { cwd: root });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { exitCode, printed };
}

it('trains a task of the example plan to a scored result file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'bioner-example-'));
  try {
    const plan = planFileSchema.parse(JSON.parse(await readFile(path.join(root, 'examples/sample.plan.json'), 'utf8')));
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
    const { exitCode, printed } = await headless([planFile, '--out', folder, '--backend', 'wasm']);
    expect(exitCode, printed).toBe(0);
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
