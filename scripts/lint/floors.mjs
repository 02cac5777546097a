// Lists the layers of the project: which files form a layer, and which layers and packages it may use.

const leaves = ['util', 'data', 'metrics', 'schema', 'storage'];
const tfjs = [
  '@tensorflow/tfjs',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-webgpu',
];
const any = '*';

/**
 * A file belongs to the layer with the longest matching path: a path ending in `/` is a folder, any other a file. `floors` are the
 * layers it may import, types and values alike; a file may always use its own layer. `packages` are npm names; `node:` means every
 * builtin of Node.
 * @type {readonly {name: string, paths: readonly string[], floors: readonly string[], packages: readonly string[]}[]}
 */
export const floors = [
  {
    name: 'util',
    paths: ['src/util/'],
    floors: [], // zod is set up in one file, before any schema is created; all others import it from there.
    packages: ['@noble/hashes', 'zod'],
  },
  {
    name: 'data',
    paths: ['src/data/'],
    floors: ['util'],
    packages: ['fflate', 'saxes', 'hyparquet', 'fzstd'],
  },
  { name: 'metrics', paths: ['src/metrics/'], floors: ['util', 'data'], packages: [] },
  { name: 'schema', paths: ['src/schema/'], floors: ['util', 'data', 'metrics'], packages: [] },
  { name: 'storage', paths: ['src/storage/'], floors: ['util', 'data', 'metrics', 'schema'], packages: [] },
  {
    name: 'storage in the browser',
    paths: ['src/storage/indexedDb.ts'],
    floors: ['util', 'storage'],
    packages: ['idb-keyval'],
  },
  {
    name: 'storage in Node',
    paths: ['src/storage/fileSystem.ts'],
    floors: ['util', 'storage'],
    packages: ['node:'],
  },
  {
    name: 'questions',
    paths: ['src/analysis/questions/'],
    floors: ['util', 'data', 'metrics', 'schema'],
    packages: [],
  },
  { name: 'wire', paths: ['src/wire/'], floors: ['util', 'data', 'metrics', 'schema', 'questions'], packages: [] },
  { name: 'model', paths: ['src/model/'], floors: leaves, packages: [...tfjs, '@bufbuild/protobuf'] },
  { name: 'engine', paths: ['src/engine/'], floors: [...leaves, 'wire', 'model'], packages: tfjs },
  { name: 'training', paths: ['src/training/'], floors: [...leaves, 'wire', 'model', 'engine'], packages: tfjs },
  {
    name: 'analysis',
    paths: ['src/analysis/'],
    floors: [...leaves, 'questions', 'wire'],
    packages: ['@upsetjs/venn.js'],
  },
  {
    name: 'tagger package',
    paths: ['src/tagger/'],
    floors: [...leaves, 'wire', 'model', 'engine', 'training'],
    packages: ['node:'],
  },
  { name: 'program in Python', paths: ['src/training/export/tag.py'], floors: [], packages: [] },
  {
    name: 'program in JavaScript',
    paths: ['src/training/export/onnxProgram.ts'],
    floors: [...leaves, 'model'],
    packages: ['node:', 'onnxruntime-node'],
  },
  { name: 'lab', paths: ['src/lab/'], floors: [...leaves, 'questions', 'wire'], packages: [] },
  { name: 'tab', paths: ['src/tab/'], floors: ['lab'], packages: [] },
  {
    name: 'ui',
    paths: ['src/ui/'],
    floors: [...leaves, 'questions', 'wire', 'lab'],
    packages: ['react', 'react-dom', 'recharts', '@base-ui/react', '@tanstack/react-table', 'virtual:tagger-page'],
  },
  {
    name: 'training server',
    paths: ['workers/trainingMachine.ts', 'workers/trainingServer.ts', 'workers/runInputs.ts'],
    floors: [...leaves, 'wire', 'model', 'engine', 'training'],
    packages: [],
  },
  {
    name: 'analysis server',
    paths: ['workers/analysisServer.ts'],
    floors: [...leaves, 'questions', 'wire', 'analysis'],
    packages: [],
  },
  {
    name: 'platform in Node',
    paths: ['workers/nodePlatform.ts', 'workers/nodeThread.mjs'],
    floors: ['util', 'engine', 'bundled module'],
    packages: ['node:', 'webgpu'],
  },
  {
    name: 'bundled module',
    paths: ['workers/bundledModule.ts'],
    floors: ['program in JavaScript'],
    packages: ['node:', 'vite'],
  },
  { name: 'processor worker', paths: ['workers/processor.worker.ts'], floors: ['engine'], packages: [] },
  {
    name: 'platform in the browser',
    paths: ['workers/browserPlatform.ts'],
    floors: ['util', 'engine', 'processor worker', 'program in Python'],
    packages: ['@tensorflow/tfjs-backend-wasm', 'virtual:tagger-module'],
  },
  { name: 'public files', paths: ['workers/publicFiles.ts'], floors: ['util', 'wire'], packages: [] },
  {
    name: 'checkpoint worker',
    paths: ['workers/checkpoint.worker.ts'],
    floors: [...leaves, 'storage in the browser', 'wire', 'training'],
    packages: [],
  },
  {
    name: 'training worker',
    paths: ['workers/training.worker.ts'],
    floors: [
      ...leaves,
      'storage in the browser',
      'wire',
      'training',
      'training server',
      'platform in the browser',
      'checkpoint worker',
    ],
    packages: [],
  },
  {
    name: 'analysis worker',
    paths: ['workers/analysis.worker.ts'],
    floors: ['storage in the browser', 'wire', 'analysis server'],
    packages: [],
  },
  {
    name: 'reading server',
    paths: ['workers/readingServer.ts'],
    floors: ['util', 'storage', 'wire', 'lab'],
    packages: [],
  },
  {
    name: 'reading worker',
    paths: ['workers/reading.worker.ts'],
    floors: ['storage in the browser', 'wire', 'reading server'],
    packages: [],
  },
  { name: 'service worker', paths: ['workers/offline.worker.ts', 'workers/offlineFiles.ts'], floors: [], packages: [] },
  {
    name: 'tab entry',
    paths: ['src/main.tsx'],
    floors: [
      ...leaves,
      'storage in the browser',
      'wire',
      'public files',
      'training worker',
      'analysis worker',
      'reading worker',
      'lab',
      'tab',
      'ui',
    ],
    packages: ['react', 'react-dom'],
  },
  {
    name: 'headless',
    paths: ['headless/'],
    floors: [...leaves, 'storage in Node', 'wire', 'public files', 'training server', 'platform in Node', 'lab'],
    packages: ['node:', 'webgpu'],
  },
  { name: 'scripts', paths: ['scripts/'], floors: [any], packages: [any] },
  { name: 'bench', paths: ['bench/'], floors: [any], packages: [any] },
  { name: 'soak', paths: ['soak/'], floors: [any], packages: [any] },
  { name: 'tests', paths: ['tests/'], floors: [any], packages: [any] },
];
