// `npm run tagger`: writes the npm package `bioner-tagger`, or a tagger as a page of one file.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { LabError } from '../src/util/labError.ts';
import { pageBeside, writeSharedPage } from './package/sharedPage.ts';
import { writeTaggerPackage } from './package/taggerPackage.ts';

const USAGE = `usage: npm run tagger -- --out DIR                              writes the npm package bioner-tagger
       npm run tagger -- --page MODEL [--title TEXT] [--out FILE]  writes an exported tagger as one HTML file, beside it without --out`;

async function writePackage(out: string): Promise<void> {
  const { folder, files } = await writeTaggerPackage(path.resolve(out));
  for (const { name, sizeBytes } of files) console.log(`${String(sizeBytes).padStart(9)} ${name}`);
  const packed = gzipSync(readFileSync(path.join(folder, 'index.js'))).length;
  console.log(`${folder}: index.js is ${packed} bytes in gzip. Pack it with: npm pack ${folder}`);
}

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: { out: { type: 'string' }, page: { type: 'string' }, title: { type: 'string' } },
    });
    if (values.page !== undefined) {
      const file = path.resolve(values.out ?? pageBeside(values.page));
      console.log(`${file}: ${await writeSharedPage(values.page, file, values.title ?? null)} bytes`);
    } else if (values.out !== undefined) await writePackage(values.out);
    else throw new LabError('headless/usage', 'Say where the package goes.', { expected: '--out DIR', got: 'none' });
    return 0;
  } catch (error) {
    console.error(`${LabError.describe(LabError.toData(error))}\n${USAGE}`);
    return 2;
  }
}

process.exitCode = await main();
