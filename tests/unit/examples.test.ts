// Proves that the examples run as their README says: the plan is valid and finds its inputs, and the commands print what is shown.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { planFileSchema } from '../../src/schema/resultFile.ts';

const root = path.resolve(import.meta.dirname, '../..');
const text = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const readme = text('examples/README.md');

/** Runs Node in the root; what it printed, and its exit code. */
function node(args: readonly string[]): {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { status, output: stdout, errors: stderr };
}

/** The Node arguments behind `npm run <name>`. */
function scriptArguments(name: string): string[] {
  const { scripts } = JSON.parse(text('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  return (scripts[name] ?? '').split(' ').slice(1);
}

/** The block of output that follows a command in the README. */
function shownOutput(command: string): string {
  const [, after = ''] = readme.split(`\`\`\`sh\n${command}\n\`\`\``);
  return /```\n([\s\S]*?)```/.exec(after)?.[1] ?? '';
}

describe('the examples', () => {
  it('have a plan that headless takes, with corpora and a model that come with the lab', () => {
    const plan = planFileSchema.parse(JSON.parse(text('examples/sample.plan.json')));
    expect(plan.methods).toEqual(['STL', 'MTL-XC', 'MTL-LS']);
    expect(existsSync(path.join(root, 'public/models', plan.model.name, 'config.json'))).toBe(true);
    for (const { corpus } of plan.categories.flatMap(({ tasks }) => tasks)) {
      for (const split of ['train', 'devel', 'test']) {
        expect(existsSync(path.join(root, 'public/corpora', corpus.name, `${split}.tsv`))).toBe(true);
      }
    }
  });

  it('read a result file of each version', () => {
    const shown = node(['examples/read-result.mjs', 'results/disease-sharing-gpu.result.json']);
    expect(shown).toEqual({
      status: 0,
      errors: '',
      output: shownOutput('node examples/read-result.mjs results/disease-sharing-gpu.result.json'),
    });
    const first = node(['examples/read-result.mjs', 'results/ncbi-disease-stl.result.json']);
    expect(first).toMatchObject({ status: 0, output: expect.stringContaining('NCBI-disease-IOB Disease  79.00') });
  });

  it('refuse what is no result file', () => {
    const plan = node(['examples/read-result.mjs', 'examples/sample.plan.json']);
    expect(plan).toMatchObject({ status: 2, output: '', errors: expect.stringContaining('bioner-lab-plan') });
    expect(node(['examples/read-result.mjs'])).toMatchObject({ status: 2, errors: expect.stringContaining('usage') });
  });

  it('score predictions as conlleval does', () => {
    const scored = node([...scriptArguments('conlleval'), 'examples/predictions.conll']);
    const shown = shownOutput('npm run conlleval -- examples/predictions.conll');
    expect(shown).not.toBe('');
    expect(scored).toEqual({ status: 0, errors: '', output: shown });
  });
});
