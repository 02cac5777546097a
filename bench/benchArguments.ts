// Parses the arguments of `npm run bench`.
import { parseArgs } from 'node:util';
import { BENCH_NAMES, type BenchName, type BenchRequest } from './benchReport.ts';
import { benchShapes, readBenchShape } from './benchShape.ts';

export const BENCH_USAGE = `usage: npm run bench -- [${BENCH_NAMES.join('|')}] [--shape NAME|key=value,...] [--rounds N] [--in node|chromium] [--json FILE]
       npm run bench -- tagging [--model DIR] [--documents N] [--rounds N] [--python PATH]
       torch and processor: [--python PATH] [--compile] [--no-epochs] [--quiet] [--processor-time]
shapes: ${Object.keys(benchShapes).join(', ')}; keys: ${Object.keys(benchShapes.issue).join(', ')}`;

export interface BenchArguments extends BenchRequest {
  readonly place: 'node' | 'chromium';
  readonly jsonFile: string | null;
  /** A Python with torch and transformers; null where none was named. */
  readonly python: string | null;
  /** Whether PyTorch's compiled ways are measured, which take a minute each to compile. */
  readonly compiled: boolean;
  readonly epochs: boolean;
  /** Whether work is measured again where other programs used the processors meanwhile. */
  readonly quiet: boolean;
  /** Whether processor time is measured, which other programs hardly change, in place of time. */
  readonly processorTime: boolean;
}

/** Throws Error for arguments it does not understand. */
export function benchArguments(words: readonly string[]): BenchArguments {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      shape: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      in: { type: 'string', default: 'node' },
      json: { type: 'string' },
      python: { type: 'string' },
      compile: { type: 'boolean', default: false },
      'no-epochs': { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      'processor-time': { type: 'boolean', default: false },
    },
  });
  const [what = 'step', ...others] = positionals;
  const isName = (name: string): name is BenchName => (BENCH_NAMES as readonly string[]).includes(name);
  if (!isName(what) || others.length > 0) throw new Error(`what to measure: one of ${BENCH_NAMES.join(', ')}`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`rounds: ${values.rounds} is no number of rounds`);
  const shape = readBenchShape(values.shape ?? (what === 'memory' ? 'base' : 'issue'));
  const path = values.in;
  if (path !== 'node' && path !== 'chromium') throw new Error(`in: node or chromium, not ${path}`);
  const python = values.python ?? process.env['BENCH_PYTHON'] ?? null;
  const more = {
    python,
    compiled: values.compile,
    epochs: !values['no-epochs'],
    quiet: values.quiet,
    processorTime: values['processor-time'],
  };
  return { what, shape, rounds, place: path, jsonFile: values.json ?? null, ...more };
}
