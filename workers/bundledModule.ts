// Bundles tag.js, the program that goes with taggers exported as ONNX, from the lab's own tokenizers and decoder.
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

const entry = fileURLToPath(new URL('../src/training/export/onnxProgram.ts', import.meta.url));
const MODULE = 'virtual:tagger-module';

/** The licences of what is bundled, whose texts are in THIRD_PARTY.md of every lab. */
const banner = `// Tags tokens with the ONNX model beside it, exactly as BioNER Lab does: node tag.js FOLDER < tokens.conll > tagged.conll
// Apache-2.0, as BioNER Lab. Contains zod: MIT License, Copyright (c) 2025 Colin McDonnell. The copyright notice and this permission notice
// are included in all copies: permission is granted, free of charge, to deal in the software without restriction; it is provided "as is".
`;

let bundled: Promise<string> | undefined;

/** The text of tag.js: one module without imports but those of Node, which a page never reaches. */
export function bundledTaggerModule(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    publicDir: false,
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      lib: { entry, formats: ['es'], fileName: 'tag' },
      rolldownOptions: { external: [/^node:/, 'onnxruntime-node'] },
    },
  });
  const outputs = Array.isArray(built) ? built : [built];
  const chunks = outputs.flatMap((one) => ('output' in one ? one.output : []));
  const [chunk] = chunks;
  if (chunks.length !== 1 || chunk?.type !== 'chunk') {
    throw new Error(`tag.js must be one file, but there are ${chunks.map(({ fileName }) => fileName).join(', ')}`);
  }
  return `${banner}${chunk.code}`;
}

/** A Vite plugin by which the text of tag.js can be imported. */
export function taggerModule(): Plugin {
  const resolved = `\0${MODULE}`;
  return {
    name: 'tagger-module',
    resolveId: (id) => (id === MODULE ? resolved : null),
    async load(id) {
      if (id !== resolved) return null;
      return `export const taggerModule = ${JSON.stringify(await bundledTaggerModule())};`;
    },
  };
}
