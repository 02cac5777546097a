// Proves that every configured rule refuses something: each message of the project's rules, each forbidden syntax, each rule set individually.
import { ESLint, Linter } from 'eslint';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import tseslint from 'typescript-eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { housePlugin } from '../../../../scripts/lint/housePlugin.mjs';

const root = path.resolve(import.meta.dirname, '../../../..');
const configFile = path.join(root, 'eslint.config.js');
const { default: config } = (await import(pathToFileURL(configFile).href)) as { default: readonly Linter.Config[] };

/** The parts of the configuration that are written here; those from presets have a name. */
const own = config.filter(({ name }) => name === undefined);
const ownRules = [
  ...new Set(
    own.flatMap(({ rules = {} }) =>
      Object.entries(rules)
        .filter(([, setting]) => setting !== 'off')
        .map(([rule]) => rule),
    ),
  ),
].sort();

interface Plant {
  readonly file: string;
  readonly text: string;
}

/** Violations of the project's rules, by rule and message. */
const ofHouse: Readonly<Record<string, Plant>> = {
  'floors homeless': { file: 'src/attic/box.ts', text: '// Is a box.\nexport const box = 1;\n' },
  'floors floor': { file: 'src/util/box.ts', text: "// Is a box.\nimport { x } from '../lab/low.ts';\nexport const box = x;\n" }, // prettier-ignore
  'floors package': { file: 'src/util/box.ts', text: "// Is a box.\nimport 'react';\nexport const box = 1;\n" },
  'fileForm firstLine': { file: 'src/util/box.ts', text: 'export const box = 1;\n' },
  'fileForm name': { file: 'src/util/helpers.ts', text: '// Is a box.\nexport const helpers = 1;\n' },
  'fileForm length': { file: 'src/util/box.ts', text: `// Is a box.\nexport const box = 1;\n${'\n'.repeat(399)}` },
  'folderCircle circle': { file: 'src/attic/box.ts', text: "// Is a box.\nimport { x } from '../cellar/barrel.ts';\nexport const box = x;\n" }, // prettier-ignore
  'folderSize size': { file: 'src/crowd/box.ts', text: '// Is a box.\nexport const box = 1;\n' },
  'plainWords phrase': { file: 'src/attic/box.ts', text: '// Is a box of its own.\nexport const box = 1;\n' },
  'plainWords name': { file: 'src/attic/box.ts', text: '// Is a box.\nexport const boxShelf = 1;\n' },
  'smallFile small': { file: 'src/attic/box.ts', text: '// Is a box.\nexport const box = 1;\n' },
  'uniqueName file': { file: 'src/attic/barrel.ts', text: '// Is a barrel.\nexport const barrel = 1;\n' },
  'uniqueName type': { file: 'src/attic/box.ts', text: '// Is a box.\nexport interface Barrel {}\n' },
};

/** Texts with some forbidden syntax. */
const ofSyntax: readonly string[] = [
  'export default 1;',
  'element.innerHTML = text;',
  "element['innerHTML'] = text;",
  'assign({ innerHTML: text });',
  "assign({ 'innerHTML': text });",
  'export const page = <p dangerouslySetInnerHTML={html} />;',
  'document.write(text);',
  'eval(text);',
  'new Function(text);',
  "setTimeout('go()', 1);",
  "element.href = 'javascript:go()';",
  'new WebSocket(text);',
  'fetch(text);',
];

/** Violations of third-party rules that are configured individually, and need no types. */
const ofOthers: Readonly<Record<string, string>> = {
  eqeqeq: 'export const same = (one: number, two: number) => one == two;',
  'no-var': 'export var old = 1;',
  'prefer-const': 'let never = 1;\nexport const box = () => never;',
  'object-shorthand': 'export const box = (lid: number) => ({ lid: lid });',
  'no-console': "console.log('box');",
  '@typescript-eslint/no-explicit-any': 'export const box = (lid: any) => lid as number;',
  '@typescript-eslint/no-non-null-assertion': 'export const box = (lid: number | null) => lid!;',
  '@typescript-eslint/consistent-type-imports':
    "import { Box } from './barrel.ts';\nexport const box = (lid: Box) => lid;",
  '@typescript-eslint/no-unused-vars': 'const unused = 1;',
};

/** The same for rules that need types. */
const ofTypes: Readonly<Record<string, string>> = {
  '@typescript-eslint/await-thenable': 'export async function wait() { await 1; }',
  '@typescript-eslint/no-floating-promises': 'export function drop() { Promise.resolve(1); }',
  '@typescript-eslint/no-misused-promises': 'export function ask() { return Promise.resolve(true) ? 1 : 2; }',
  '@typescript-eslint/switch-exhaustiveness-check':
    "export function choose(kind: 'a' | 'b') { switch (kind) { case 'a': return 1; } return 2; }",
};

let folder = '';
/** The real configuration over a small tree, where files may be planted that the real one must not have. */
let eslint: ESLint;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lintRules-'));
  const put = (file: string, text: string) => {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  put('src/attic/lid.ts', '// Is a lid.\nexport const lid = 1;\n');
  put('src/cellar/barrel.ts', "// Is a barrel.\nimport { lid } from '../attic/lid.ts';\nexport interface Barrel {}\n");
  for (let index = 0; index < 25; index++) put(`src/crowd/c${index}.ts`, '// Is one of many.\n');
  eslint = new ESLint({
    cwd: folder,
    overrideConfigFile: configFile,
    // The planted files belong to no project, so there are no types to look up.
    overrideConfig: tseslint.configs.disableTypeChecked,
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function messagesOf({ file, text }: Plant): Promise<readonly Linter.LintMessage[]> {
  const [result] = await eslint.lintText(text, { filePath: path.join(folder, file) });
  const messages = result?.messages ?? [];
  expect(messages.filter(({ fatal }) => fatal === true)).toEqual([]);
  return messages;
}

describe('our own rules', () => {
  it('have a planted violation for each message', () => {
    const messages = Object.entries(housePlugin.rules).flatMap(([rule, { meta }]) =>
      Object.keys(meta?.messages ?? {}).map((messageId) => `${rule} ${messageId}`),
    );
    expect(Object.keys(ofHouse).sort()).toEqual(messages.sort());
  });

  it('are all switched on', () => {
    const names = Object.keys(housePlugin.rules).map((rule) => `house/${rule}`);
    expect(ownRules.filter((rule) => rule.startsWith('house/'))).toEqual(names.sort());
  });

  it.each(Object.entries(ofHouse))('refuse: %s', async (name, plant) => {
    const [rule, messageId] = name.split(' ');
    const messages = await messagesOf(plant);
    expect(messages.map((message) => `${message.ruleId} ${message.messageId}`)).toContain(`house/${rule} ${messageId}`);
  });
});

describe('forbidden syntax', () => {
  const settings = own.flatMap(({ rules = {} }) => {
    const setting = rules['no-restricted-syntax'];
    return Array.isArray(setting) ? (setting.slice(1) as { readonly selector: string }[]) : [];
  });
  const selectors = [...new Set(settings.map(({ selector }) => selector))];
  const linter = new Linter();
  const isRefused = (text: string, selector: string): boolean => {
    const options: Linter.Config = {
      files: ['**/*.tsx'],
      languageOptions: { parser: tseslint.parser as Linter.Parser },
      rules: { 'no-restricted-syntax': ['error', selector] },
    };
    return linter.verify(text, options, 'planted.tsx').some(({ ruleId }) => ruleId === 'no-restricted-syntax');
  };

  it.each(selectors)('refuses something: %s', (selector) => {
    expect(ofSyntax.filter((text) => isRefused(text, selector))).not.toEqual([]);
  });

  it.each(ofSyntax)('is refused in the source: %s', async (text) => {
    const messages = await messagesOf({ file: 'src/attic/Box.tsx', text: `// Is a box.\n${text}\n` });
    expect(messages.map(({ ruleId }) => ruleId)).toContain('no-restricted-syntax');
  });
});

describe('rules set by hand', () => {
  it('have a planted violation each', () => {
    const known = [...Object.keys(ofOthers), ...Object.keys(ofTypes), 'no-restricted-syntax'];
    expect(ownRules.filter((rule) => !rule.startsWith('house/'))).toEqual(known.sort());
  });

  it.each(Object.entries(ofOthers))('refuse: %s', async (rule, text) => {
    const messages = await messagesOf({ file: 'src/attic/box.ts', text: `// Is a box.\n${text}\n` });
    expect(messages.map(({ ruleId }) => ruleId)).toContain(rule);
  });

  it('refuse what only types show', async () => {
    const typed = new ESLint({ cwd: root });
    // A file of the project, since types are looked up in it; its text here is the planted one.
    const text = ['// Is planted.', ...Object.values(ofTypes), ''].join('\n');
    const [result] = await typed.lintText(text, { filePath: path.join(root, 'src/main.tsx') });
    const refused = (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
    expect([...new Set(refused)].filter((rule) => rule in ofTypes).sort()).toEqual(Object.keys(ofTypes).sort());
  }, 240_000);

  it('refuse an exception that excepts nothing', async () => {
    const text = '// Is a box.\n// eslint-disable-next-line no-var\nexport const box = 1;\n';
    const messages = await messagesOf({ file: 'src/attic/box.ts', text });
    expect(messages.map(({ message }) => message).join()).toContain('Unused eslint-disable directive');
  });
});
