// What code of this house may look like: strict TypeScript, the floors, the form of files.
import { defineConfig } from 'eslint/config';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import { housePlugin } from './scripts/lint/housePlugin.mjs';
import { notYet } from './scripts/lint/notYet.mjs';
import { fetching, noFetch, textOnly } from './scripts/lint/textOnly.mjs';

const code = ['src/**/*.{ts,tsx}', 'workers/**/*.ts', 'scripts/**/*.{ts,mjs}', 'tests/**/*.{ts,tsx}'];
const defaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'No default exports: one name for one thing, everywhere.',
};

export default defineConfig(
  { ignores: ['dist/', 'out/', 'public/', 'test-results/', 'playwright-report/', '.vitest-attachments/', '**/*.d.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{js,mjs,ts,tsx}'],
    extends: [tseslint.configs.recommended],
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: code,
    plugins: { house: housePlugin },
    rules: {
      'house/floors': 'error',
      'house/fileForm': 'error',
      'house/plainWords': ['error', { texts: false, names: false }],
      'no-restricted-syntax': ['error', defaultExport],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}', 'workers/**/*.ts', 'headless/**/*.ts'],
    plugins: { house: housePlugin },
    rules: {
      'house/folderCircle': 'error',
      'house/folderSize': 'error',
      'house/plainWords': ['error', { texts: true, names: true }],
      'house/smallFile': 'error',
      'house/uniqueName': 'error',
    },
  },
  ...Object.entries(notYet).map(([rule, files]) => ({ files: [...files], rules: { [rule]: 'off' } })),
  {
    files: ['src/**/*.{ts,tsx}', 'workers/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', defaultExport, noFetch, ...textOnly] },
  },
  { files: fetching, rules: { 'no-restricted-syntax': ['error', defaultExport, ...textOnly] } },
  // Tests are named after what they test, and the wire is many types and no one of them the main.
  {
    files: ['tests/**/*', 'workers/protocol.ts', 'workers/calls.ts'],
    rules: { 'house/fileForm': ['error', { mainExport: false }] },
  },
  { files: ['src/ui/**/*.{ts,tsx}', 'src/main.tsx'], extends: [reactHooks.configs.flat.recommended] },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx', 'workers/**/*.ts'],
    ignores: ['workers/headless.ts'],
    rules: { 'no-console': 'error' },
  },
);
