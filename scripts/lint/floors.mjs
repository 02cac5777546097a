// The floors of the house as a table: which files are a floor, and which floors and packages it may use.

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
 * A file belongs to the floor whose path matches it longest: a path ending in `/` is a folder, any other a file.
 * `floors` may be imported whole, `typeFloors` for their types alone; type imports obey the table like all others.
 * `packages` are npm names, `node:` stands for every builtin of Node. A file may always use its own floor.
 * @type {readonly {name: string, paths: readonly string[], floors: readonly string[], typeFloors?: readonly string[], packages: readonly string[]}[]}
 */
export const floors = [
  { name: 'util', paths: ['src/util/'], floors: [], packages: ['@noble/hashes'] },
  {
    name: 'data',
    paths: ['src/data/'],
    floors: ['util'],
    typeFloors: ['schema'],
    packages: ['zod', 'fflate', 'saxes', 'hyparquet', 'fzstd', '@huggingface/tokenizers'],
  },
  { name: 'metrics', paths: ['src/metrics/'], floors: ['util', 'data'], typeFloors: ['schema'], packages: [] },
  { name: 'schema', paths: ['src/schema/'], floors: ['util', 'data', 'metrics'], packages: ['zod'] },
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
  { name: 'model', paths: ['src/model/'], floors: leaves, packages: [...tfjs, 'zod'] },
  { name: 'engine', paths: ['src/engine/'], floors: [...leaves, 'model'], packages: tfjs },
  { name: 'training', paths: ['src/training/'], floors: [...leaves, 'model', 'engine'], packages: tfjs },
  { name: 'analysis', paths: ['src/analysis/'], floors: leaves, packages: ['@upsetjs/venn.js'] },
  { name: 'program in Python', paths: ['src/training/tag.py'], floors: [], packages: [] },
  {
    name: 'protocol',
    paths: ['workers/protocol.ts', 'workers/analyses.ts', 'workers/calls.ts'],
    floors: [],
    typeFloors: leaves,
    packages: [],
  },
  { name: 'wire', paths: ['workers/port.ts', 'workers/wires.ts'], floors: ['util', 'protocol'], packages: [] },
  {
    name: 'server',
    paths: ['workers/trainingServer.ts'],
    floors: [...leaves, 'model', 'engine', 'training', 'protocol', 'wire'],
    packages: [],
  },
  {
    name: 'analysis server',
    paths: ['workers/analysisServer.ts'],
    floors: [...leaves, 'analysis', 'protocol', 'wire'],
    packages: [],
  },
  { name: 'lab', paths: ['src/lab/'], floors: [...leaves, 'protocol'], packages: [] },
  { name: 'ui', paths: ['src/ui/'], floors: [...leaves, 'lab'], packages: ['react', 'react-dom', 'recharts'] },
  {
    name: 'platform in Node',
    paths: ['workers/nodePlatform.ts'],
    floors: ['util'],
    typeFloors: ['engine'],
    packages: ['node:', 'webgpu'],
  },
  {
    name: 'platform in the browser',
    paths: ['workers/browserPlatform.ts'],
    floors: ['util', 'program in Python'],
    typeFloors: ['engine'],
    packages: ['@tensorflow/tfjs-backend-wasm'],
  },
  {
    name: 'public files',
    paths: ['workers/requestFile.ts', 'workers/policedRequest.ts'],
    floors: ['util'],
    typeFloors: ['lab'],
    packages: [],
  },
  { name: 'tab', paths: ['src/tab/'], floors: [], typeFloors: ['lab'], packages: [] },
  {
    name: 'worker entry',
    paths: ['workers/training.worker.ts'],
    floors: [...leaves, 'storage in the browser', 'protocol', 'wire', 'server', 'platform in the browser'],
    packages: [],
  },
  {
    name: 'analysis worker entry',
    paths: ['workers/analysis.worker.ts'],
    floors: ['schema', 'storage in the browser', 'wire', 'analysis server'],
    packages: [],
  },
  {
    name: 'tab entry',
    paths: ['src/main.tsx'],
    floors: [
      ...leaves,
      'storage in the browser',
      'protocol',
      'wire',
      'public files',
      'worker entry',
      'analysis worker entry',
      'lab',
      'tab',
      'ui',
    ],
    packages: ['react', 'react-dom'],
  },
  {
    name: 'headless entry',
    paths: ['workers/headless.ts', 'workers/headless/'],
    floors: [...leaves, 'storage in Node', 'protocol', 'wire', 'public files', 'server', 'platform in Node', 'lab'],
    packages: ['node:', 'webgpu'],
  },
  { name: 'scripts', paths: ['scripts/'], floors: [any], packages: [any] },
  { name: 'tests', paths: ['tests/'], floors: [any], packages: [any] },
];
