// Proves each lint rule about the structure on a small tree in a temporary folder: one planted violation refused, and a valid file accepted.
import { ESLint } from 'eslint';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tseslint from 'typescript-eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { housePlugin } from '../../../../scripts/lint/housePlugin.mjs';
import { peerFolders } from '../../../../scripts/lint/peerFolders.mjs';
import { plainNames, plainWords } from '../../../../scripts/lint/plainWords.mjs';

const rules = ['folderCircle', 'folderSize', 'plainWords', 'smallFile', 'uniqueName'] as const;

const users = ['one', 'two', 'three'].map((name) => [
  `src/lab/${name}.ts`,
  "// Uses what is low.\nimport { low } from '../util/low.ts';\nexport const used = low;\n",
]);
const crowd = Array.from({ length: 25 }, (_, index) => [`src/crowd/c${index}.ts`, '// Is one of many.\n']);
const tree: Readonly<Record<string, string>> = {
  'src/util/low.ts': '// Is low.\nexport const low = 1;\nexport interface Low {}\n',
  'src/lab/high.ts': "// Is high.\nimport { middle } from '../data/middle.ts';\nexport const high = middle;\n",
  'src/data/middle.ts': "// Is between.\nimport { low } from '../util/low.ts';\nexport const middle = low;\n",
  ...Object.fromEntries([...users, ...crowd]),
};

let root = '';
let eslint: ESLint;

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'houseRules-'));
  for (const [file, text] of Object.entries(tree)) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  eslint = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: {
      files: ['**/*.{ts,tsx}'],
      languageOptions: { parser: tseslint.parser },
      plugins: { house: housePlugin },
      rules: Object.fromEntries(rules.map((rule) => [`house/${rule}`, 'error'])),
    },
  });
});
afterAll(() => rmSync(root, { recursive: true }));

/** Messages of one rule for a file with this text, which need not be on disk. */
async function refusals(rule: (typeof rules)[number], file: string, text: string): Promise<readonly string[]> {
  const [result] = await eslint.lintText(text, { filePath: path.join(root, file) });
  return (result?.messages ?? [])
    .filter(({ ruleId, fatal }) => fatal === true || ruleId === `house/${rule}`)
    .map(({ message }) => message);
}

describe('a circle of folders', () => {
  it.each([
    ['an import', "import { high } from '../lab/high.ts';"],
    ['a type import', "import type { High } from '../lab/high.ts';"],
    ['a re-export', "export { high } from '../lab/high.ts';"],
    ['a dynamic import', "export const load = () => import('../lab/high.ts');"],
    ['an import type', "export type High = import('../lab/high.ts').High;"],
    ['a worker', "export const worker = new Worker(new URL('../lab/high.ts', import.meta.url));"],
  ])('is refused where %s closes it, and named', async (_form, line) => {
    const [message, ...others] = await refusals('folderCircle', 'src/util/low.ts', `// Is low.\n${line}\n`);
    expect(message).toContain('src/util → src/lab → src/util');
    expect(others).toEqual([]);
  });

  it('is none where a folder imports one below it, or its own files', async () => {
    const text = "// Is new.\nimport { middle } from '../data/middle.ts';\nimport { high } from './high.ts';\n";
    expect(await refusals('folderCircle', 'src/lab/planted.ts', text)).toEqual([]);
  });

  it('goes by the text as it is, not as it was saved', async () => {
    expect(await refusals('folderCircle', 'src/data/middle.ts', '// Imports nothing more.\n')).toEqual([]);
    const text = "// Imports another.\nimport { one } from '../lab/one.ts';\n";
    expect(await refusals('folderCircle', 'src/data/middle.ts', text)).toHaveLength(1);
  });
});

describe('a name', () => {
  it('of a file is refused where another file has it', async () => {
    const [message] = await refusals('uniqueName', 'src/lab/low.ts', '// Is another.\n');
    expect(message).toContain('Another file is called low.ts, too: src/util/low.ts');
    expect(await refusals('uniqueName', 'src/util/low.ts', tree['src/util/low.ts'] ?? '')).toEqual([]);
  });

  it.each(['interface Low {}', 'type Low = 1;', 'class Low {}', 'enum Low {}'])(
    'of an exported type is refused where another file declares it: %s',
    async (declaration) => {
      const [message] = await refusals('uniqueName', 'src/lab/planted.ts', `// Is another.\nexport ${declaration}\n`);
      expect(message).toContain('The type Low is also declared in src/util/low.ts');
      expect(await refusals('uniqueName', 'src/lab/planted.ts', `// Is another.\n${declaration}\n`)).toEqual([]);
    },
  );
});

it('a folder is refused with its 26th file', async () => {
  const [message] = await refusals('folderSize', 'src/crowd/planted.ts', '// Is one too many.\n');
  expect(message).toContain('src/crowd directly holds 26 files');
  expect(await refusals('folderSize', 'src/crowd/c0.ts', '// Is one of 25.\n')).toEqual([]);
  expect(await refusals('folderSize', 'src/crowd/below/planted.ts', '// Is in a folder below.\n')).toEqual([]);
});

describe('a small file', () => {
  const long = `// Is long.\n${'\n'.repeat(59)}`;

  it('is refused with fewer than three importers', async () => {
    const [message] = await refusals('smallFile', 'src/data/middle.ts', '// Is between.\n');
    expect(message).toContain('The file has 1 lines and is imported by src/lab/high.ts alone');
    expect(await refusals('smallFile', 'src/lab/planted.ts', '// Is new.\n')).toHaveLength(1);
  });

  it.each([
    ['with three importers', 'src/util/low.ts', '// Is low.\n'],
    ['of 60 lines', 'src/data/middle.ts', long],
    ['that is an entry', 'src/main.tsx', '// Starts.\n'],
    ['that is a worker', 'workers/training.worker.ts', '// Starts.\n'],
    ['that is a command', 'headless/headless.ts', '// Starts.\n'],
    ['that is a page', 'src/ui/train/TrainPage.tsx', '// Shows.\n'],
    ...peerFolders.map(({ name }) => [`in ${name}`, `src/data/${name}/planted.ts`, '// Is a peer.\n']),
  ])('is accepted %s', async (_reason, file = '', text = '') => {
    expect(await refusals('smallFile', file, text)).toEqual([]);
  });
});

describe('private words', () => {
  const examples = [
    'told',
    'anew',
    'stands in',
    'of its own',
    'so many',
    'goes on with',
    'is asked',
    'judged',
    'held against',
    'at hand',
    'spoilt',
    'whoever',
    'shelf',
    'contender',
    'taken in',
    'done again',
  ];

  it('have an example each', () => {
    expect(examples).toHaveLength(plainWords.length);
  });

  it.each(examples)('%s is refused in a comment, a text and on the page, with what to write instead', async (word) => {
    const text = `// This ${word} here.\nexport const text = 'This ${word} here.';\nexport const page = () => <p>This ${word} here.</p>;\nexport const template = \`\${text} ${word}\`;\n`;
    const messages = await refusals('plainWords', 'src/lab/Planted.tsx', text);
    expect(messages).toHaveLength(4);
    for (const message of messages) expect(message).toContain(`“${word}” is a private word of this project: write “`);
  });

  it.each(plainNames.flatMap(({ words, isPrefix }) => words.map((word) => [word, isPrefix === true] as const)))(
    '%s is refused in a name',
    async (word, isPrefix) => {
      const text = `// Names.\nexport const ${word}One = 1;\nexport const one = ${word}One;\n`;
      expect(await refusals('plainWords', 'src/lab/planted.ts', text)).toHaveLength(1);
      const later = `// Names.\nexport const one${word[0]?.toUpperCase() ?? ''}${word.slice(1)} = 1;\n`;
      expect(await refusals('plainWords', 'src/lab/planted.ts', later)).toHaveLength(isPrefix ? 0 : 1);
    },
  );

  it('are not found in parts of other words, nor in the paths of imports', async () => {
    const text =
      "// Understands in part; a toldness, and clipboards.\nimport { a } from './judge.ts';\nexport const clipboard = a;\nexport const heldout = 1;\n";
    expect(await refusals('plainWords', 'src/lab/planted.ts', text)).toEqual([]);
  });
});
