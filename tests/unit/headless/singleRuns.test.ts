// Proves that runs trained alone, beside one another or as jobs of a workflow give the result of the whole plan, and how such commands end.
import { spawnSync } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandSurroundings } from '../../../headless/commandEnd.ts';
import { exportCommand } from '../../../headless/exportCommand.ts';
import { mergeCommand } from '../../../headless/mergeCommand.ts';
import { planCommand } from '../../../headless/planCommand.ts';
import { pruneSnapshots } from '../../../headless/runFolder.ts';
import { runHeadless } from '../../../headless/runHeadless.ts';
import { runJobs } from '../../../headless/runJobs.ts';
import { workflowCommand } from '../../../headless/workflowCommand.ts';
import { readArchive } from '../../../src/data/import/archive.ts';
import { parseResultFile } from '../../../src/lab/plans/resultFiles.ts';
import { longScoresCsv } from '../../../src/lab/share/researchCrate.ts';
import type { RunRecord } from '../../../src/schema/runRecord.ts';
import { writeRunRecord } from '../../../src/storage/runRecords.ts';
import { memory } from '../../../src/storage/store.ts';
import { countedResult } from '../../fixtures/countedResult.ts';
import { droppedCorpus } from '../../fixtures/drops.ts';
import { fakeServer, type FakeTraining } from '../../fixtures/fakeServer.ts';
import { headlessFolder, writeDrops } from '../../fixtures/headlessBench.ts';
import { categoryPlan } from '../../fixtures/records.ts';
import { timeless } from '../../fixtures/timeless.ts';

let folder = '';
beforeEach(async () => {
  folder = await headlessFolder();
  await writeDrops(folder, 'corpora', droppedCorpus('fern', 'fern'));
  await writeFile(path.join(folder, 'plan.json'), JSON.stringify(plan));
});
// What was being written when a command ended may still arrive.
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

const plan = categoryPlan({ slicingRates: [0.5], rounds: { count: 1, epochs: 1 } });

interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command on fake servers; children are commands in this process. */
async function command(
  run: (args: readonly string[], surroundings: CommandSurroundings) => Promise<number>,
  args: readonly string[],
  training: FakeTraining = {},
  interrupt = new AbortController().signal,
): Promise<Ran> {
  let [output, errors] = ['', ''];
  const code = await run(args, {
    output: { write: (text) => void (output += text) },
    errors: { write: (text) => void (errors += text) },
    interrupt,
    openServer: (store) => fakeServer(store, training).client,
    async spawn([name = '', ...rest], lines) {
      expect(name).toBe('train');
      const child = await command(runHeadless, rest, training, interrupt);
      for (const line of child.output.split('\n').slice(0, -1)) lines.output(line);
      for (const line of child.errors.split('\n').slice(0, -1)) lines.errors(line);
      return child.code;
    },
  });
  return { code, output, errors };
}

const at = (...names: readonly string[]): string => path.join(folder, ...names);
const inputs = () => ['--corpora', at('corpora'), '--models', at('models')];
const train = (out: string, more: readonly string[], training?: FakeTraining, interrupt?: AbortSignal) =>
  command(runHeadless, [at('plan.json'), '--out', at(out), ...inputs(), ...more], training, interrupt);

async function resultIn(...names: readonly string[]): Promise<unknown> {
  return timeless(parseResultFile(await readFile(at(...names), 'utf8')), 'checksum');
}

interface RunLine {
  readonly event: string;
  readonly run: string;
  readonly parent: string | null;
  readonly method: string;
  readonly title: string;
}

function linesOf({ output }: Ran): readonly RunLine[] {
  return output.split('\n').slice(0, -1).map((line) => JSON.parse(line) as RunLine); // prettier-ignore
}

/** The runs of the plan, as `bioner plan` prints them. */
async function runsOf(out: string): Promise<readonly RunLine[]> {
  const args = [at('plan.json'), '--out', at(out), ...inputs(), '--step-ms', '10', '--json'];
  return linesOf(await command(planCommand, args)).filter(({ event }) => event === 'run');
}

describe('the runs of a plan', () => {
  it('give one result, trained in one process, one by one, and beside one another', async () => {
    expect(await train('whole', [])).toMatchObject({ code: 0, errors: '' });
    const whole = await resultIn('whole', 'trial.result.json');

    const runs = await runsOf('single');
    expect(runs).toHaveLength(10);
    for (const { run } of runs) expect(await train('single', ['--run', run])).toMatchObject({ code: 0, errors: '' });
    expect(await command(mergeCommand, [at('single')])).toMatchObject({ code: 0, errors: '' });
    expect(await resultIn('single', 'trial.result.json')).toEqual(whole);

    const beside = await train('beside', ['--jobs', '3']);
    expect(beside).toMatchObject({ code: 0, errors: '' });
    expect(await resultIn('beside', 'trial.result.json')).toEqual(whole);
  });

  it('leave as ONNX folders, a table of all scores and a crate', async () => {
    expect((await train('out', [])).code).toBe(0);
    const onnx = await command(exportCommand, [at('out'), '--onnx=int8']);
    expect(onnx).toMatchObject({ code: 0, errors: '' });
    const folders = await readdir(at('out', 'onnx'));
    expect(folders).toHaveLength(10);
    expect(folders.every((name) => name.endsWith('-int8'))).toBe(true);
    expect((await command(exportCommand, [at('out'), '--onnx'])).code).toBe(0);
    expect((await readdir(at('out', 'onnx'))).filter((name) => name.endsWith('-f32'))).toHaveLength(10);
    const refused = await command(exportCommand, [at('out'), '--onnx=f64']);
    expect(refused).toMatchObject({ code: 2, errors: expect.stringContaining('Expected f32, f16, int8. Got f64.') as unknown }); // prettier-ignore

    const merged = await command(mergeCommand, [at('out'), '--scores', at('scores.csv'), '--crate', at('crate.zip')]);
    expect(merged).toMatchObject({ code: 0, errors: '' });
    const { runs } = parseResultFile(await readFile(at('out', 'trial.result.json'), 'utf8'));
    expect(await readFile(at('scores.csv'), 'utf8')).toBe(longScoresCsv(runs));
    const { files } = readArchive(new Uint8Array(await readFile(at('crate.zip'))), 'crate.zip');
    expect(files.map((file) => path.basename(file.path)).sort()).toEqual(['all-scores.csv', 'experiment.result.json', 'page.html', 'ro-crate-metadata.json']); // prettier-ignore
  });

  it('have folders that another machine resumes, with everything in them', async () => {
    const [first] = await runsOf('out');
    if (first === undefined) throw new Error('the plan has no run');
    const interrupt = new AbortController();
    const pausing: FakeTraining = {
      async beforeStep(_runId, step, interrupted) {
        if (step !== 3) return;
        interrupt.abort('SIGTERM');
        await interrupted;
      },
    };
    const paused = await train('out', ['--run', first.run], pausing, interrupt.signal);
    expect(paused).toMatchObject({ code: 75, errors: expect.stringContaining('checkpoint') as unknown });
    await cp(at('out', 'runs', first.run), at('elsewhere'), { recursive: true });
    await rm(at('out'), { recursive: true });
    await rm(at('corpora'), { recursive: true });
    await rm(at('models'), { recursive: true });
    const resumed = await command(runHeadless, [at('elsewhere')]);
    expect(resumed).toMatchObject({ code: 0, errors: '' });
    expect(resumed.output).toContain('epoch 2/2');
    expect(resumed.output).not.toContain('epoch 1/2');
    expect(await resultIn('elsewhere', 'run.result.json')).toMatchObject({ runs: [{ status: 'finished', step: 4 }] });
  });

  it('start from parents of another folder of results, and are refused without', async () => {
    const runs = await runsOf('parents');
    const shared = runs.find(({ method, parent }) => method === 'MTL-XC' && parent === null);
    const sliced = runs.find(({ method, parent }) => method === 'MTL-LS' && parent === shared?.run);
    if (shared === undefined || sliced === undefined) throw new Error('the plan has no sharing');
    const refused = await train('children', ['--run', sliced.run]);
    expect(refused).toMatchObject({ code: 2, errors: expect.stringContaining(`Expected run ${shared.run}, finished, in`) as unknown }); // prettier-ignore
    expect((await train('parents', ['--run', shared.run])).code).toBe(0);
    expect((await train('children', ['--run', sliced.run, '--from', at('parents')])).code).toBe(0);
    const result = await resultIn('children', 'runs', sliced.run, 'run.result.json');
    expect(result).toMatchObject({ runs: [{ spec: { id: shared.run } }, { spec: { id: sliced.run } }] });
  });

  it('that fail keep what starts from them, and nothing else', async () => {
    let failed = '';
    const failing: FakeTraining = {
      beforeStep(runId) {
        failed ||= runId;
        if (runId === failed) throw new Error('loss is not finite');
      },
    };
    const ran = await train('out', ['--jobs', '2'], failing);
    expect(ran.code).toBe(1);
    expect(ran.errors.match(/^Not trained: /gm)).toHaveLength(2);
    const merged = await command(mergeCommand, [at('out')]);
    expect(merged).toMatchObject({ code: 1, output: expect.stringContaining('Missing (2)') as unknown });
  });

  it('are found by the start of an id, and refused by a wrong one', async () => {
    const [first] = await runsOf('out');
    expect((await train('out', ['--run', first?.run.slice(0, 8) ?? ''])).code).toBe(0);
    const refused = await train('out', ['--run', 'zzz']);
    expect(refused).toMatchObject({ code: 2, errors: expect.stringContaining('one of 10 ids') as unknown });
  });
});

describe('commands for programs', () => {
  it('print JSON lines alone: runs, steps, epochs, bytes, scores, the result and the exit code', async () => {
    const ran = await train('out', ['--json']);
    const lines = linesOf(ran);
    const kinds = new Set(lines.map(({ event }) => event));
    expect([...kinds]).toEqual(
      expect.arrayContaining(['run', 'step', 'epoch', 'checkpoint', 'ended', 'result', 'exit']),
    );
    expect(lines.at(-1)).toEqual({ event: 'exit', code: 0 });
    expect(lines.find(({ event }) => event === 'ended')).toMatchObject({ status: 'finished', testF1: [75] });
    expect(ran.errors).toContain('Result: ');
    const failed = linesOf(await command(runHeadless, ['nowhere.json', '--out', at('out'), '--json']));
    expect(failed).toMatchObject([
      { event: 'error', code: 'headless/plan' },
      { event: 'exit', code: 2 },
    ]);
  });

  it.each([
    ['SIGTERM', 75],
    ['SIGUSR1', 75],
    ['SIGINT', 130],
  ])('end by %s with %i', async (signal, code) => {
    const interrupt = new AbortController();
    const pausing: FakeTraining = {
      async beforeStep(_runId, step, interrupted) {
        if (step !== 2) return;
        interrupt.abort(signal);
        await interrupted;
      },
    };
    expect((await train('out', [], pausing, interrupt.signal)).code).toBe(code);
    const early = new AbortController();
    early.abort(signal);
    expect((await train('early', [], {}, early.signal)).code).toBe(code);
  });

  it('prune snapshots that nothing needs, if that is wanted, but not those that other runs start from', async () => {
    const whole = countedResult({ seeds: [1] });
    const shared = whole.runs.find(({ spec }) => spec.method === 'MTL-XC');
    const children = whole.runs.filter(({ spec }) => spec.parent === shared?.spec.id);
    if (shared === undefined) throw new Error('no runs');
    const specs = whole.runs.map(({ spec }) => spec);
    const { id } = shared.spec;
    const [last, selected] = [shared.snapshots.at(-1)?.epoch ?? 0, shared.selectedEpoch];
    const left = async (keep: 'selected' | 'none', finished: readonly RunRecord[]): Promise<readonly number[]> => {
      const store = memory();
      await writeRunRecord(store, shared);
      for (const child of finished) await writeRunRecord(store, child);
      for (const { epoch } of shared.snapshots) {
        await store.write(`run/${id}/snapshot/${String(epoch).padStart(9, '0')}/manifest`, new Uint8Array(1));
      }
      await pruneSnapshots(store, specs, [id], keep);
      return (await store.keys(`run/${id}/snapshot/`)).map((key) => Number(key.split('/')[3]));
    };
    expect(await left('none', children)).toEqual([]);
    expect(await left('selected', children)).toEqual([selected]);
    expect(await left('none', children.slice(1))).toEqual([last]);
    expect((await train('out', ['--snapshots', 'some'])).code).toBe(2);
  });
});

describe('a workflow', () => {
  const write = (engine: string, more: readonly string[] = []) => {
    const args = [at('plan.json'), '--engine', engine, '--out', at(engine), ...inputs(), '--step-ms', '10', '--job-minutes', '0-60', ...more]; // prettier-ignore
    return command(workflowCommand, args);
  };

  /** The jobs of `config/config.yaml`, each an object of JSON in a line. */
  async function jobsOf(engine: string) {
    const text = await readFile(at(engine, 'config', 'config.yaml'), 'utf8');
    const [, jobs = ''] = text.split('\njobs:\n');
    return jobs.trimEnd().split('\n').map((line) => {
      const [, name = '', json = ''] = /^ {2}"([^"]+)": (\{.*\})$/.exec(line) ?? [];
      const { needs, runs } = JSON.parse(json) as { readonly needs: readonly string[]; readonly runs: readonly string[] };
      return { name, needs, runs };
    }); // prettier-ignore
  }

  it('for Snakemake has jobs that, run in the order of their needs, give the result of the whole plan', async () => {
    expect(await train('whole', [])).toMatchObject({ code: 0 });
    expect(await write('snakemake')).toMatchObject({ code: 0, errors: '' });
    expect((await readdir(at('snakemake'), { recursive: true })).sort()).toEqual(
      expect.arrayContaining([
        'README.md',
        'config/config.yaml',
        'config/plan.json',
        'container/Dockerfile',
        'profiles/local/config.yaml',
        'profiles/slurm/config.v8+.yaml',
        'profiles/slurm/config.yaml',
        'workflow/Snakefile',
      ]),
    );
    const results = at('snakemake', 'results');
    await command(planCommand, [at('snakemake/config/plan.json'), '--out', results, ...inputs(), '--step-ms', '1']);
    const jobs = await jobsOf('snakemake');
    expect(jobs).toHaveLength(10);
    const ends = await runJobs(jobs, { atOnce: 2, interrupt: new AbortController().signal }, async ({ name, runs }) => {
      const args = ['--out', results, ...runs.flatMap((run) => ['--run', run])];
      const file = path.join(results, 'jobs', `${name}.result.json`);
      return (await command(runHeadless, [path.join(results, 'inputs/plan.json'), ...args, '--result', file])).code;
    });
    expect(ends.map(({ code }) => code)).toEqual(jobs.map(() => 0));
    const page = path.join(results, 'trial.html');
    const merge = [results, '--plan', path.join(results, 'inputs/plan.json'), '--page', page];
    expect(await command(mergeCommand, merge)).toMatchObject({ code: 0, errors: '' });
    expect(await resultIn('snakemake/results/trial.result.json')).toEqual(await resultIn('whole/trial.result.json'));
    expect(await readFile(page, 'utf8')).toContain('<title>trial</title>');
  });

  const version = spawnSync('snakemake', ['--version'], { encoding: 'utf8' });
  it.skipIf(version.status !== 0)(
    'passes the dry run of Snakemake, which is skipped where it is not installed',
    async () => {
      await write('snakemake');
      const args = ['--dry-run', '--profile', 'profiles/local', '--cores', '2'];
      const dry = spawnSync('snakemake', args, { cwd: at('snakemake'), encoding: 'utf8' });
      expect(dry).toMatchObject({ status: 0 });
      // Ten jobs of training, the inputs before them, the merge behind them, and the rule that wants it.
      expect(dry.stdout + dry.stderr).toMatch(/^train +10\b/m);
    },
  );

  it('for Slurm has an array for each level, whose lines are its jobs', async () => {
    expect(await write('slurm', ['--backend', 'webgpu', '--resubmissions', '7'])).toMatchObject({ code: 0 });
    const lines = async (name: string) => (await readFile(at('slurm/slurm', name), 'utf8')).trimEnd().split('\n');
    const tables = await Promise.all(['level0.tsv', 'level1.tsv', 'level2.tsv'].map(lines));
    expect(tables.map((table) => table.length)).toEqual([3, 5, 2]);
    const script = await readFile(at('slurm/slurm/level1.sh'), 'utf8');
    for (const option of ['--array=1-5', '--requeue', '--signal=USR1@120', '--gres=gpu:1'])
      expect(script).toContain(`#SBATCH ${option}\n`);
    expect(await readFile(at('slurm/slurm/settings.sh'), 'utf8')).toContain('MOST_REQUEUES=7');
    for (const name of (await readdir(at('slurm/slurm'))).filter((file) => file.endsWith('.sh'))) {
      expect(spawnSync('bash', ['-n', at('slurm/slurm', name)], { encoding: 'utf8' })).toMatchObject({ status: 0 });
    }
    const submit = await readFile(at('slurm/slurm/submit.sh'), 'utf8');
    expect(submit).toContain('--dependency="afterany:$level0" slurm/level1.sh');
    expect(submit).toContain('--dependency="afterany:$level0:$level1:$level2" slurm/merge.sh');
  });

  it('is refused for an engine it does not know, and in a folder with other files', async () => {
    expect(await write('nextflow')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('snakemake or slurm') as unknown,
    });
    await write('slurm');
    expect(await write('slurm')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('has files already') as unknown,
    });
  });
});
