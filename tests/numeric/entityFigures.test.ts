// Proves that `npm run entity-figures` counts strings as files of rows have them, and draws what it counts, from runs that were trained headless.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planFileSchema } from '../../src/schema/resultFile.ts';
import { projectRoot, runScript, type ScriptOutcome } from '../fixtures/npmScript.ts';

let folder: string;
let figures: ScriptOutcome;
const inFolder = (...parts: string[]): string => path.join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'entity-figures-'));
  const plan = planFileSchema.parse(JSON.parse(await readFile(path.join(projectRoot, 'examples/sample.plan.json'), 'utf8'))); // prettier-ignore
  await writeFile(inFolder('small.plan.json'), JSON.stringify({ ...plan, methods: ['STL', 'MTL-LS'], slicingRates: [0, 1] })); // prettier-ignore
  const trained = await runScript('headless', [inFolder('small.plan.json'), '--out', folder, '--backend', 'wasm']);
  expect(trained.exitCode, `${trained.output}${trained.errors}`).toBe(0);
  figures = await runScript('entity-figures', [inFolder('store'), '--circles', inFolder('circles.svg'), '--radar', inFolder('radar.svg')]); // prettier-ignore
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The different strings of mentions in a file of rows, read here once more: tokens of B and I tags, joined by spaces. */
async function stringsIn(corpus: string, split: string): Promise<ReadonlySet<string>> {
  const rows = (await readFile(path.join(projectRoot, 'public/corpora', corpus, `${split}.tsv`), 'utf8')).split('\n');
  const found = new Set<string>();
  let open: string[] = [];
  for (const row of rows) {
    const [token = '', tag = 'O'] = row.split('\t');
    const continues = /^[IE]-/.test(tag);
    if (!continues && open.length > 0) {
      found.add(open.join(' '));
      open = [];
    }
    if (tag !== 'O' && token !== '') open.push(token);
  }
  if (open.length > 0) found.add(open.join(' '));
  return found;
}

const corpora = ['sample-disease-a', 'sample-disease-b'];

describe('npm run entity-figures', () => {
  it('counts strings and known ones for every method and task', async () => {
    expect(figures.exitCode, figures.errors).toBe(0);
    const rows = figures.output.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    const training = new Set<string>();
    for (const corpus of corpora) {
      for (const split of ['train', 'devel']) for (const text of await stringsIn(corpus, split)) training.add(text);
    }
    for (const corpus of corpora) {
      const own = rows.filter(([, task]) => task === corpus);
      expect(own.map(([, , method]) => method)).toEqual(['STL', 'MTL-XC', 'MTL-LS 0.00', 'MTL-LS 1.00']);
      const test = await stringsIn(corpus, 'test');
      const known = [...test].filter((text) => training.has(text)).length;
      for (const [, , , T, L, P, , B, , , E] of own) {
        expect([Number(T), Number(L)]).toEqual([training.size, test.size]);
        expect(B).toBe(((100 * known) / test.size).toFixed(1));
        expect(E).toBe(((100 * (Number(P) - test.size)) / test.size).toFixed(1));
      }
    }
  });

  it('draws three circles a task, and two radars with a line for each', async () => {
    const circles = await readFile(inFolder('circles.svg'), 'utf8');
    expect(circles.match(/<circle /g)).toHaveLength(3 * corpora.length);
    for (const corpus of corpora) expect(circles).toContain(`${corpus}, MTL-LS `);
    const radar = await readFile(inFolder('radar.svg'), 'utf8');
    const shapes = [...radar.matchAll(/<polygon points="([^"]+)" fill="none" stroke="#/g)].map(([, points = '']) => points.split(' ')); // prettier-ignore
    expect(shapes).toHaveLength(2 * corpora.length);
    expect(shapes.every((points) => points.length === 5)).toBe(true);
  });

  it('says what is missing where there is no run', async () => {
    const none = await runScript('entity-figures', [inFolder('nowhere')]);
    expect(none.exitCode).toBe(1);
    expect(none.errors).toMatch(/no finished run of these corpora.*nowhere/s);
    expect((await runScript('entity-figures', [])).errors).toContain('usage: npm run entity-figures');
  });
});
