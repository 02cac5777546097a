// `npm run tagger`: writes the npm package `bioner-tagger`, a tagger as a page of one file, or the shipped tagger as a folder.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { LabError } from '../src/util/labError.ts';
import { pageBeside, writeSharedPage } from './package/sharedPage.ts';
import { writeShippedFolder } from './package/shippedFolder.ts';
import { writeTaggerPackage } from './package/taggerPackage.ts';

const USAGE = `usage: npm run tagger -- --out DIR                              writes the npm package bioner-tagger
       npm run tagger -- --page MODEL [--title TEXT] [--out FILE]  writes an exported tagger as one HTML file, beside it without --out
       npm run tagger -- --shipped DIR                          writes the tagger that comes with the lab as a folder to open, tag with or share`;

async function writePackage(out: string): Promise<void> {
  const { folder, files } = await writeTaggerPackage(path.resolve(out));
  for (const { name, sizeBytes } of files) console.log(`${String(sizeBytes).padStart(9)} ${name}`);
  const packed = gzipSync(readFileSync(path.join(folder, 'index.js'))).length;
  console.log(`${folder}: index.js is ${packed} bytes in gzip. Pack it with: npm pack ${folder}`);
}

function optionsOf(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { out: text, page: text, title: text, shipped: text, help: { type: 'boolean', short: 'h' } } as const;
  return parseArgs({ args: [...args], options }).values;
}

async function run(args: readonly string[]): Promise<void> {
  const { help, page, shipped, out, title } = optionsOf(args);
  if (help === true) console.log(USAGE);
  else if (page !== undefined) {
    const file = path.resolve(out ?? pageBeside(page));
    console.log(`${file}: ${await writeSharedPage(page, file, title ?? null)} bytes`);
  } else if (shipped !== undefined) {
    console.log(`${path.resolve(shipped)}: ${writeShippedFolder(path.resolve(shipped)).join(', ')}`);
  } else if (out !== undefined) await writePackage(out);
  else throw new LabError('headless/usage', 'Say where the package goes.', { expected: '--out DIR', got: 'none' });
}

/** The usage is for arguments that are none. */
function isUsage(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'headless/usage' || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'));
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  console.error(LabError.describe(LabError.toData(error)));
  if (isUsage(error)) console.error(USAGE);
  process.exitCode = 2;
}
