// Parses the arguments of `npm run soak`.
import { parseArgs } from 'node:util';

/** What each soak does, and its options. */
export const SOAKS = {
  kills: { about: 'kills a real Chromium while it trains, and compares with trainings left alone', options: ['kills', 'seed', 'backend'] },
  headless: { about: 'kills `npm run headless` in the same way', options: ['headless-kills', 'seed'] },
  damages: { about: 'damages every kind of stored file, and reopens', options: [] },
  steps: { about: 'trains one run of many steps and measures whether anything grows; writes the report', options: ['steps', 'samples', 'report'] },
  devices: { about: 'loses devices, memory and Workers at every step', options: [] },
  disk: { about: 'fills the disk and tears records at every write', options: [] },
  fuzz: { about: 'gives every reader broken input', options: ['fuzz-rounds'] },
  formats: { about: 'writes hostile texts in every format and reads them, and again from every other', options: ['texts', 'seed'] },
  signals: { about: 'ends training by SIGTERM at random moments, and measures how soon a resume point is written and what was lost', options: ['signals', 'seed'] },
  snakemake: { about: 'trains under Snakemake with two jobs at once, killed in the middle (needs snakemake)', options: [] },
  slurm: { about: 'trains under Slurm of this one machine, preempted in the middle (needs root, slurm-wlm, munge, snakemake)', options: [] },
  tagger: { about: 'tags many abstracts in one process and measures whether memory grows, and kills `bioner tag` at random moments', options: ['abstracts', 'tag-kills', 'seed'] },
  onnx: { about: 'compares the ONNX graph of the shipped tagger with the lab on real sentences (needs ../shared/corpora)', options: ['sentences'] },
  tests: { about: 'runs `npm test` in its long form, with what it skips or does once for the sake of time', options: [] },
  forms: { about: 'writes known corpora in many forms, and asks whether annotation is lost without a word', options: ['inputs', 'seed'] },
} as const satisfies Readonly<Record<string, { readonly about: string; readonly options: readonly string[] }>>; // prettier-ignore
export type SoakName = keyof typeof SOAKS;

export const SOAK_NAMES = Object.keys(SOAKS) as readonly SoakName[];

export const SOAK_USAGE = `usage: npm run soak [-- NAME...] [options]

Without a name all of them, one after another:
${SOAK_NAMES.map((name) => `  ${name.padEnd(9)} ${SOAKS[name].about}`).join('\n')}

  --kills N            kills of the browser (40), shared between the backends
  --backend NAME       wasm or webgpu alone for these kills; both without it
  --headless-kills N   kills of headless (20)
  --signals N          SIGTERMs of training (20)
  --seed N             of the moments and kinds of kills, of texts and of forms (1)
  --steps N            steps of the long run (10000)
  --samples N          how often it is measured (60)
  --report FOLDER      where soak.md and soak.svg are written (docs)
  --fuzz-rounds N      times as many broken inputs as \`npm test\` draws (10)
  --texts N            texts for every writer and reader (1000)
  --sentences N        sentences for ONNX (2000)
  --inputs N           corpora of each kind of format (100000)
  --abstracts N        abstracts tagged in one process (20000)
  --tag-kills N        kills of bioner tag (10)
Exit codes: 0 nothing was lost, 1 something was, 2 wrong command.
`;

export interface SoakArguments {
  readonly names: readonly SoakName[];
  readonly kills: number;
  readonly backends: readonly ('wasm' | 'webgpu')[];
  readonly headlessKills: number;
  readonly signals: number;
  readonly seed: number;
  readonly steps: number;
  readonly samples: number;
  readonly report: string;
  readonly fuzzRounds: number;
  readonly texts: number;
  readonly inputs: number;
  readonly abstracts: number;
  readonly tagKills: number;
  readonly sentences: number;
}

/** Null if help was requested. Throws Error for arguments it does not understand. */
export function soakArguments(words: readonly string[]): SoakArguments | null {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      kills: { type: 'string' },
      backend: { type: 'string' },
      'headless-kills': { type: 'string' },
      signals: { type: 'string' },
      seed: { type: 'string' },
      steps: { type: 'string' },
      samples: { type: 'string' },
      report: { type: 'string' },
      'fuzz-rounds': { type: 'string' },
      texts: { type: 'string' },
      inputs: { type: 'string' },
      abstracts: { type: 'string' },
      'tag-kills': { type: 'string' },
      sentences: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return null;
  const isName = (name: string): name is SoakName => Object.hasOwn(SOAKS, name);
  const unknown = positionals.find((name) => !isName(name));
  if (unknown !== undefined) throw new Error(`No soak is called ${unknown}: one of ${SOAK_NAMES.join(', ')}.`);
  const names = positionals.length === 0 ? SOAK_NAMES : positionals.filter(isName);
  const followed: readonly string[] = names.flatMap((name) => [...SOAKS[name].options]);
  const idle = Object.keys(values).find((option) => !followed.includes(option));
  if (idle !== undefined) throw new Error(`--${idle} means nothing to ${names.join(', ')}.`);
  const { backend } = values;
  if (backend !== undefined && backend !== 'wasm' && backend !== 'webgpu') {
    throw new Error(`--backend: wasm or webgpu, not ${backend}.`);
  }
  return {
    names,
    kills: whole('kills', values.kills, 40, 1),
    backends: backend === undefined ? ['wasm', 'webgpu'] : [backend],
    headlessKills: whole('headless-kills', values['headless-kills'], 20, 1),
    signals: whole('signals', values.signals, 20, 1),
    seed: whole('seed', values.seed, 1, 0),
    steps: whole('steps', values.steps, 10_000, 100),
    // With fewer, growth cannot be distinguished from chance.
    samples: whole('samples', values.samples, 60, 10),
    report: values.report ?? 'docs',
    fuzzRounds: whole('fuzz-rounds', values['fuzz-rounds'], 10, 1),
    texts: whole('texts', values.texts, 1000, 1),
    inputs: whole('inputs', values.inputs, 100_000, 1),
    abstracts: whole('abstracts', values.abstracts, 20_000, 100),
    tagKills: whole('tag-kills', values['tag-kills'], 10, 1),
    sentences: whole('sentences', values.sentences, 2000, 1),
  };
}

function whole(option: string, text: string | undefined, otherwise: number, least: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${option}: a whole number from ${least} is expected, not ${text}.`);
}
