// Controls a Python process that trains in PyTorch, one piece of work at a time.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { TorchWork } from './benchReport.ts';
import type { BenchShape } from './benchShape.ts';
import { dataForTorch } from './torchData.ts';

export interface TorchProcess {
  /** Versions and the device, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Names of the ways to compute a step there: threads, precision, compilation. */
  readonly ways: readonly string[];
  /** Milliseconds of a piece of work. */
  run(what: TorchWork, way: string): Promise<number>;
  end(): void;
}

const script = path.resolve(import.meta.dirname, 'torchStep.py');

/** Throws Error saying what is missing. */
export async function openTorchProcess(
  shape: BenchShape,
  { python, compiled }: { readonly python: string; readonly compiled: boolean },
): Promise<TorchProcess> {
  const tried = spawnSync(python, ['-c', 'import torch, transformers'], { encoding: 'utf8' });
  if (tried.status !== 0) {
    const why = tried.error?.message ?? tried.stderr.trim().split('\n').at(-1) ?? 'no reason given';
    throw new Error(
      `PyTorch was not measured: ${python} cannot import torch and transformers (${why}).\n` +
        'Install both (pip install torch transformers), or name a Python that has them: npm run bench -- torch --python /path/to/python',
    );
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bioner-torch-'));
  const file = path.join(folder, 'data.json');
  writeFileSync(file, JSON.stringify(dataForTorch(shape)));
  const child = spawn(python, [script, JSON.stringify({ ...shape, compiled }), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('PyTorch ended before it answered; its own words are above.');
    return JSON.parse(value) as Record<string, unknown>;
  };
  const { torch, transformers, device, ways } = await answer();
  rmSync(folder, { recursive: true });
  return {
    versions: { torch: String(torch), transformers: String(transformers), 'torch on': String(device) },
    ways: ways as readonly string[],
    async run(what, way) {
      child.stdin.write(`${JSON.stringify({ do: what, way })}\n`);
      return Number((await answer())['ms']);
    },
    end: () => child.stdin.end(),
  };
}
