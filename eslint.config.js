// What code of this house may look like: strict TypeScript, the floors, the form of files.
import { defineConfig } from 'eslint/config';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import { housePlugin } from './scripts/lint/housePlugin.mjs';
import { fetching, noFetch, textOnly } from './scripts/lint/textOnly.mjs';

const shipped = ['src/**/*.{ts,tsx}', 'workers/**/*.ts', 'headless/**/*.ts'];
const code = [...shipped, 'scripts/**/*.{ts,mjs}', 'bench/**/*.ts', 'soak/**/*.ts', 'tests/**/*.{ts,tsx}'];
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
    files: shipped,
    plugins: { house: housePlugin },
    rules: {
      'house/folderCircle': 'error',
      'house/folderSize': 'error',
      'house/plainWords': ['error', { texts: true, names: true }],
      'house/smallFile': 'error',
      'house/uniqueName': 'error',
    },
  },
  {
    files: shipped,
    rules: { 'no-restricted-syntax': ['error', defaultExport, noFetch, ...textOnly] },
  },
  { files: fetching, rules: { 'no-restricted-syntax': ['error', defaultExport, ...textOnly] } },
  { files: ['src/ui/**/*.{ts,tsx}', 'src/main.tsx'], extends: [reactHooks.configs.flat.recommended] },
  {
    files: shipped,
    ignores: ['headless/headless.ts'],
    rules: { 'no-console': 'error' },
  },
);
