// Proves that the lint configuration matches the table of layers: every forbidden import is refused, in every form, and no other.
import path from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../../..');
const eslint = new ESLint({
  cwd: root,
  // The planted files are not on disk, so there are no types to look up.
  overrideConfig: tseslint.configs.disableTypeChecked,
  ruleFilter: ({ ruleId }) => ruleId.startsWith('house/'),
});

/** Messages of the rule for a file of these lines, by line; the first line is a comment on its purpose. */
async function refusals(
  file: string,
  lines: readonly string[],
  rule = 'house/floors',
): Promise<ReadonlyMap<number, string>> {
  const text = ['// A planted file.', ...lines, ''].join('\n');
  const [result] = await eslint.lintText(text, { filePath: path.join(root, file) });
  const messages = (result?.messages ?? []).filter(({ ruleId, fatal }) => fatal === true || ruleId === rule);
  return new Map(messages.map(({ line, message }) => [line - 2, message]));
}

const accepted = new Map<number, string>();

/** A file of every floor of the design. */
const fileOf = {
  util: 'src/util/random.ts',
  data: 'src/data/rows/conll.ts',
  metrics: 'src/metrics/leaks.ts',
  schema: 'src/schema/config.ts',
  storage: 'src/storage/store.ts',
  questions: 'src/analysis/questions/labelsQuery.ts',
  wire: 'src/wire/port.ts',
  model: 'src/model/xlnet.ts',
  engine: 'src/engine/gpu/device.ts',
  training: 'src/training/train.ts',
  analysis: 'src/analysis/labelQuestions.ts',
  server: 'workers/trainingServer.ts',
  lab: 'src/lab/lab.ts',
  ui: 'src/ui/app/App.tsx',
  main: 'src/main.tsx',
  headless: 'headless/headless.ts',
} as const;
type Floor = keyof typeof fileOf;

const leaves: readonly Floor[] = ['util', 'data', 'metrics', 'schema', 'storage'];

/** The layers of docs/architecture.md, written out independently: which may use which, for types and values alike. */
const mayUse: Record<Floor, readonly Floor[]> = {
  util: [],
  data: ['util'],
  metrics: ['util', 'data'],
  schema: ['util', 'data', 'metrics'],
  storage: ['util', 'data', 'metrics', 'schema'],
  questions: ['util', 'data', 'metrics', 'schema'],
  wire: ['util', 'data', 'metrics', 'schema', 'questions'],
  model: leaves,
  engine: [...leaves, 'wire', 'model'],
  training: [...leaves, 'wire', 'model', 'engine'],
  analysis: [...leaves, 'questions', 'wire'],
  server: [...leaves, 'wire', 'model', 'engine', 'training'],
  lab: [...leaves, 'questions', 'wire'],
  ui: [...leaves, 'questions', 'wire', 'lab'],
  main: [...leaves, 'wire', 'lab', 'ui'],
  headless: [...leaves, 'wire', 'server', 'lab'],
};

const floors = Object.keys(fileOf) as Floor[];

function specifier(from: string, to: string): string {
  const relative = path.posix.relative(path.posix.dirname(from), to);
  return relative.startsWith('.') ? relative : `./${relative}`;
}

describe('imports between layers', () => {
  it.each(floors)('%s reaches what the design says, and nothing else', async (from) => {
    const targets = floors.map((to) => specifier(fileOf[from], fileOf[to]));
    const values = await refusals(
      fileOf[from],
      targets.map((target) => `import { one } from '${target}';`),
    );
    const types = await refusals(
      fileOf[from],
      targets.map((target) => `import type { One } from '${target}';`),
    );
    const open = (to: Floor): boolean => to === from || mayUse[from].includes(to);
    expect(floors.filter((_, line) => !values.has(line))).toEqual(floors.filter(open));
    expect(floors.filter((_, line) => !types.has(line))).toEqual(floors.filter(open));
  });

  it.each([
    ['a value import', "import { train } from '../training/train.ts';"],
    ['a type import', "import type { TrainEvent } from '../training/train.ts';"],
    ['an inline type import', "import { type TrainEvent } from '../training/train.ts';"],
    ['a bare import', "import '../training/train.ts';"],
    ['a dynamic import', "export const load = () => import('../training/train.ts');"],
    ['an import type', "export type TrainEvent = import('../training/train.ts').TrainEvent;"],
    ['a re-export', "export { train } from '../training/train.ts';"],
    ['a type re-export', "export type { TrainEvent } from '../training/train.ts';"],
    ['a re-export of everything', "export * from '../training/train.ts';"],
    [
      'a worker',
      "export const worker = new Worker(new URL('../training/train.ts', import.meta.url), { type: 'module' });",
    ],
    ['an asset query', "import trainUrl from '../training/train.ts?url';"],
  ])('are seen in %s', async (_form, line) => {
    expect((await refusals('src/lab/lab.ts', [line])).get(0)).toContain(
      'lab may not use training (src/training/train.ts)',
    );
    expect(await refusals('workers/trainingServer.ts', [line.replace('..', '../src')])).toEqual(accepted);
  });

  it('keep the two homes of the data away from those who must not know which', async () => {
    const homes = ['indexedDb', 'fileSystem'].map((home) => `import { ${home} } from '../src/storage/${home}.ts';`);
    const within = homes.map((line) => line.replace('../src', '..'));
    for (const file of [fileOf.lab, fileOf.training, 'src/model/tagger.ts']) {
      expect([...(await refusals(file, within)).keys()]).toEqual([0, 1]);
    }
    expect([...(await refusals('headless/headless.ts', homes)).keys()]).toEqual([0]);
    expect([...(await refusals('workers/training.worker.ts', homes)).keys()]).toEqual([1]);
  });

  it('are refused where a file belongs to no layer', async () => {
    expect((await refusals('src/attic/box.ts', [])).size).toBe(1);
    expect((await refusals('src/lab/lab.ts', ["import { box } from '../attic/box.ts';"])).get(0)).toContain(
      'belongs to no layer',
    );
  });
});

describe('packages', () => {
  it.each([
    ['react', 'src/ui/shared/useLab.ts', 'src/lab/lab.ts'],
    ['react-dom/client', 'src/main.tsx', 'src/data/corpus/corpus.ts'],
    ['recharts', 'src/ui/charts/RunCharts.tsx', 'src/main.tsx'],
    ['@tensorflow/tfjs', 'src/model/tagger.ts', 'src/lab/lab.ts'],
    ['@tensorflow/tfjs', 'src/training/train.ts', 'workers/trainingServer.ts'],
    ['@tensorflow/tfjs-backend-webgpu', 'src/engine/gpu/device.ts', 'src/ui/app/App.tsx'],
    ['node:fs/promises', 'src/storage/fileSystem.ts', 'src/storage/indexedDb.ts'],
    ['fs', 'headless/headless.ts', 'src/training/train.ts'],
    ['node:path', 'scripts/start.ts', 'src/util/random.ts'],
    ['node:path', 'tests/unit/util/rng.test.ts', 'workers/trainingServer.ts'],
    ['idb-keyval', 'src/storage/indexedDb.ts', 'src/storage/records.ts'],
    ['fflate', 'src/data/import/archive.ts', 'src/lab/lab.ts'],
    ['zod/mini', 'src/util/zod.ts', 'src/schema/config.ts'],
    ['webgpu', 'headless/headless.ts', 'src/engine/gpu/device.ts'],
  ])('%s is for %s, not for %s', async (name, home, stranger) => {
    for (const line of [`import { one } from '${name}';`, `import type { One } from '${name}';`]) {
      expect(await refusals(home, [line])).toEqual(accepted);
      expect((await refusals(stranger, [line])).get(0)).toContain('may not use the package');
    }
  });
});

describe('the form of a file', () => {
  const form = (file: string, text: string) =>
    eslint
      .lintText(text, { filePath: path.join(root, file) })
      .then(([result]) =>
        (result?.messages ?? []).filter(({ ruleId }) => ruleId === 'house/fileForm').map(({ messageId }) => messageId),
      );

  it.each([
    ['src/util/random.ts', '// Draws numbers.\nexport class Rng {}\n'],
    ['src/ui/app/App.tsx', '// The whole page.\nexport function App() {}\n'],
    ['src/main.tsx', '// Starts the page.\n'],
    ['scripts/start.ts', '#!/usr/bin/env node\n// Starts the server.\n'],
    ['tests/unit/util/rng.test.ts', '// Proves that numbers are drawn.\nexport const other = 1;\n'],
    ['src/util/long.ts', `// Is long, and no longer than it may be.\nexport const long = 1;\n${'\n'.repeat(398)}`],
  ])('%s is well formed', async (file, text) => {
    expect(await form(file, text)).toEqual([]);
  });

  it.each([
    ['src/util/random.ts', 'export class Rng {}\n', 'firstLine'],
    ['src/util/random.ts', '/* Draws numbers. */\nexport class Rng {}\n', 'firstLine'],
    ['src/util/random.ts', '// draws numbers\nexport class Rng {}\n', 'firstLine'],
    ['src/util/index.ts', '// Gathers.\n', 'name'],
    ['src/util/utils.ts', '// Gathers.\n', 'name'],
    ['src/lab/runManager.ts', '// Manages.\n', 'name'],
    ['src/util/Rng.ts', '// Draws numbers.\nexport class Rng {}\n', 'name'],
    ['src/ui/app/app.tsx', '// The whole page.\nexport function App() {}\n', 'name'],
    ['src/util/long.ts', `// Is too long.\nexport const long = 1;\n${'\n'.repeat(399)}`, 'length'],
  ])('%s holding %j is refused for its %s', async (file, text, messageId) => {
    expect(await form(file, text)).toEqual([messageId]);
  });
});
