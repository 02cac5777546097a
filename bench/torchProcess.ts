// Controls a Python process that runs PyTorch training steps, one at a time.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { BenchShape } from './benchShape.ts';

export interface TorchProcess {
  /** Versions and the device, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Milliseconds of one step. */
  step(): Promise<number>;
  end(): void;
}

const script = path.resolve(import.meta.dirname, 'torchStep.py');

/** Uses the interpreter in BENCH_PYTHON, or python3. Throws Error saying what is missing. */
export async function openTorchProcess(shape: BenchShape): Promise<TorchProcess> {
  const python = process.env['BENCH_PYTHON'] ?? 'python3';
  const tried = spawnSync(python, ['-c', 'import torch, transformers'], { encoding: 'utf8' });
  if (tried.status !== 0) {
    const why = tried.error?.message ?? tried.stderr.trim().split('\n').at(-1) ?? 'no reason given';
    throw new Error(
      `PyTorch was not measured: ${python} cannot import torch and transformers (${why}).\n` +
        'Install both (pip install torch transformers), or name a Python that has them: BENCH_PYTHON=/path/to/python npm run bench -- torch',
    );
  }
  const child = spawn(python, [script, JSON.stringify(shape)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('PyTorch ended before it answered; its own words are above.');
    return JSON.parse(value) as Record<string, unknown>;
  };
  const { torch, transformers, device } = await answer();
  return {
    versions: { torch: String(torch), transformers: String(transformers), 'torch on': String(device) },
    async step() {
      child.stdin.write('step\n');
      return Number((await answer())['ms']);
    },
    end: () => child.stdin.end(),
  };
}
