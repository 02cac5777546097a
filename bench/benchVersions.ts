// Names and versions of everything a measurement depends on.
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { softwareVersion } from '../src/util/wording.ts';

const packages = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-webgpu', 'webgpu', 'playwright', 'vite'];

/** Packages by name, including `node` and the machine. */
export function benchVersions(): Readonly<Record<string, string>> {
  const root = path.resolve(import.meta.dirname, '..');
  const versionOf = (name: string): string => {
    const file = path.join(root, 'node_modules', name, 'package.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  };
  return {
    software: softwareVersion,
    node: process.versions.node,
    machine: `${os.type()} ${os.release()} ${os.arch()}, ${os.availableParallelism()} logical processors`,
    ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}
