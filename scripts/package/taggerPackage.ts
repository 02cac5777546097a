// Writes the npm package `bioner-tagger`: program, type declarations, README, licences.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { LabError } from '../../src/util/labError.ts';
import { licenceOf } from '../../workers/bundledModule.ts';
import { labVersion, taggerBundle } from './taggerBundle.ts';

const root = path.resolve(import.meta.dirname, '../..');
const NAME = 'bioner-tagger';

export interface WrittenPackage {
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
}

/** Writes the package into a folder, replacing what an earlier call wrote there. Throws LabError `tagger/folder` for a folder that holds anything else. */
export async function writeTaggerPackage(folder: string): Promise<WrittenPackage> {
  refuseOther(folder);
  const { code, packages } = await taggerBundle('package');
  mkdirSync(folder, { recursive: true });
  const files: Readonly<Record<string, string>> = {
    'package.json': `${JSON.stringify(description(), null, 2)}\n`,
    'index.js': `/*! ${NAME} ${labVersion()} | Apache-2.0 | licences of what is inside: THIRD_PARTY.md */\n${code}`,
    'index.d.ts': declarations(),
    'README.md': readFileSync(path.join(root, 'docs/taggerPackage.md'), 'utf8'),
    'THIRD_PARTY.md': thirdParties(packages),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
  rmSync(path.join(folder, 'node_modules'), { recursive: true, force: true });
  const names = [...Object.keys(files), 'LICENSE'];
  return { folder, files: names.map((name) => ({ name, sizeBytes: readFileSync(path.join(folder, name)).length })) };
}

function refuseOther(folder: string): void {
  const found = existsSync(folder) ? readdirSync(folder) : [];
  const named = found.includes('package.json') ? readFileSync(path.join(folder, 'package.json'), 'utf8') : '';
  if (found.length === 0 || named.includes(`"name": "${NAME}"`)) return;
  throw new LabError('tagger/folder', `${folder} holds something else, which the package would replace.`, {
    expected: `an empty or a new folder, or an earlier ${NAME}`,
    got: found.slice(0, 5).join(', '),
  });
}

function description() {
  return {
    name: NAME,
    version: labVersion(),
    description:
      'Runs named entity taggers that BioNER Lab trained: mentions with offsets and exact probabilities, on WebGPU or WebAssembly.',
    keywords: ['ner', 'named-entity-recognition', 'biomedical', 'crf', 'webgpu', 'webassembly'],
    license: 'Apache-2.0',
    type: 'module',
    sideEffects: false,
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    types: './index.d.ts',
    files: ['index.js', 'index.d.ts', 'README.md', 'LICENSE', 'THIRD_PARTY.md'],
    engines: { node: '>=20.19' },
  };
}

/** The declarations of the public types and of what the entry exports, in one file. */
function declarations(): string {
  const types = declared('src/tagger/taggerTypes.ts');
  return `${types}
/** Opens a tagger. Rejects with a TaggerError, or with the reason of the signal. */
export declare const open: Open;
/** Thrown for a source that is no tagger, for a machine that cannot run it, and for texts that are none. */
export declare class TaggerError extends Error {
  /** Stable, such as \`model/files\`; the message says what was expected and what came. */
  readonly code: string;
}
`;
}

/** Throws Error where the file is not made of declarations alone. */
function declared(file: string): string {
  const source = readFileSync(path.join(root, file), 'utf8');
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, { fileName: file });
  if (diagnostics.length > 0) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(diagnostics[0]?.messageText ?? '', ' ')}`); // prettier-ignore
  return outputText;
}

/** The licence of each package whose code is in the bundle. Throws Error for one without a licence file. */
function thirdParties(packages: readonly string[]): string {
  const parts = packages
    .map(licenceOf)
    .map(({ name, version, license, text }) => `## ${name} ${version}\n\n${license}\n\n\`\`\`text\n${text}\n\`\`\`\n`);
  return `# What is inside ${NAME}\n\nBesides the code of BioNER Lab (Apache-2.0):\n\n${parts.join('\n')}`;
}
