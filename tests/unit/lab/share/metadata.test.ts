// Proves that metadata for others is what their formats require: RO-Crate, Croissant and model-index against schemas, and the validators where Python has them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDocuments } from '../../../../src/data/formats/writeDocuments.ts';
import { withCroissant } from '../../../../src/lab/library/croissant.ts';
import { crateWords, longScores, longScoresCsv, researchCrate } from '../../../../src/lab/share/researchCrate.ts';
import { documentsOfSplit } from '../../../../src/lab/tagging/predictions.ts';
import { headOfRun } from '../../../../src/schema/modelRecord.ts';
import { modelCard } from '../../../../src/training/export/exportedFiles.ts';
import { csvRows } from '../../../../src/util/csv.ts';
import { fingerprintBytes } from '../../../../src/util/digest.ts';
import type { NamedFile } from '../../../../src/util/namedFile.ts';
import { fakeCorpus, fakeCorpusSentences } from '../../../fixtures/fakeRecords.ts';
import { finishedResult } from '../../../fixtures/finishedResult.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/metadata');
const fits = (schema: string, value: unknown): void => {
  const validate = new Ajv2020({ allErrors: true, strictTypes: false, formats: { uri: true } }).compile(
    JSON.parse(readFileSync(path.join(fixtures, `${schema}.schema.json`), 'utf8')) as object,
  );
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
};
const jsonIn = (files: readonly NamedFile[], name: string): unknown =>
  JSON.parse(new TextDecoder().decode(files.find(({ path: file }) => file === name)?.bytes));

const result = finishedResult();
const [run] = result.runs;
if (run === undefined) throw new Error('the result has a run');
const page = { path: 'a page, of results.html', bytes: new TextEncoder().encode('<p>results') };
const types = ['Disease', 'Herb'];
const sentences = fakeCorpusSentences({ train: 12, devel: 4, test: 3 }, types);
const corpus = fakeCorpus('moss "and" \u2028 ferns', types, sentences);
const card = modelCard(headOfRun(run, run.selectedEpoch ?? 1, 4), { family: 'xlnet' }, 'owner/name');

let crate: readonly NamedFile[];
let described: readonly NamedFile[];
beforeAll(async () => {
  crate = await researchCrate(result, { ...crateWords(result), pages: [page] });
  const files = (['train', 'devel', 'test'] as const).flatMap((split) =>
    writeDocuments('Hugging Face', documentsOfSplit('moss', sentences[split], null), { name: `moss-${split}` }).map(({ path: file, bytes }) => ({ path: `${split}/${file}`, bytes })),
  ); // prettier-ignore
  described = await withCroissant(corpus, files);
});

interface Entity {
  readonly '@id': string;
  readonly sha256?: string;
  readonly contentSize?: string;
}

describe('the RO-Crate', () => {
  it('is what version 1.2 requires', () => fits('roCrate', jsonIn(crate, 'ro-crate-metadata.json')));

  it('describes every file, and refers to nothing that it does not describe', async () => {
    const { '@graph': graph } = jsonIn(crate, 'ro-crate-metadata.json') as { readonly '@graph': readonly Entity[] };
    const ids = graph.map((entity) => entity['@id']);
    expect(new Set(ids).size).toBe(ids.length);
    const references = [...JSON.stringify(graph).matchAll(/\{"@id":"([^"]*)"\}/g)].map(([, id]) => id);
    expect(references.filter((id) => !ids.includes(id ?? '') && id !== 'https://w3id.org/ro/crate/1.2')).toEqual([]);
    for (const { path: file, bytes } of crate.slice(1)) {
      const entity = graph.find((one) => decodeURIComponent(one['@id']) === file);
      expect(entity?.sha256).toBe(await fingerprintBytes(bytes));
      expect(entity?.contentSize).toBe(String(bytes.byteLength));
    }
  });
});

describe('all scores', () => {
  it('has each score of each epoch and snapshot once, as the record has it', () => {
    const rows = longScores(result.runs);
    const keys = rows.map(({ value: _value, ...key }) => JSON.stringify(key));
    expect(new Set(keys).size).toBe(keys.length);
    const wanted = { split: 'test', matching: 'lenient', entity: null, metric: 'f1' };
    for (const { epoch, test } of run.snapshots) {
      const found = rows.filter((row) => row.epoch === epoch && Object.entries(wanted).every(([key, value]) => row[key as keyof typeof wanted] === value)); // prettier-ignore
      expect(found.map(({ value }) => value)).toEqual(test.flatMap((scores) => scores?.lenient.overall.f1 ?? []));
    }
    expect(rows.filter(({ metric }) => metric === 'loss').map(({ value }) => value)).toEqual(run.epochs.map(({ loss }) => loss)); // prettier-ignore
    expect(rows.filter(({ selected }) => selected === 1).every(({ epoch }) => epoch === run.selectedEpoch)).toBe(true);
  });

  it('is a table that reads back', () => {
    const [head, ...lines] = csvRows(longScoresCsv(result.runs));
    expect(head?.cells).toHaveLength(17);
    expect(lines.every(({ cells }) => cells.length === 17)).toBe(true);
    expect(lines.map(({ cells }) => Number(cells[16]))).toEqual(longScores(result.runs).map(({ value }) => value));
  });
});

describe('Croissant', () => {
  it('is what version 1.0 requires', () => fits('croissant', jsonIn(described, 'croissant.json')));

  it('names the digest of each file, and the members of its lines', async () => {
    const { distribution, recordSet } = jsonIn(described, 'croissant.json') as {
      readonly distribution: readonly { readonly contentUrl: string; readonly sha256: string }[];
      readonly recordSet: readonly { readonly field: readonly { readonly name: string }[] }[];
    };
    expect(distribution).toHaveLength(3);
    for (const [index, { contentUrl, sha256 }] of distribution.entries()) {
      const bytes = described.find(({ path: file }) => file === contentUrl)?.bytes ?? new Uint8Array();
      expect(sha256).toBe(await fingerprintBytes(bytes));
      const line = JSON.parse(new TextDecoder().decode(bytes).split('\n')[0] ?? '') as object;
      expect(Object.keys(line)).toEqual(expect.arrayContaining(recordSet[index]?.field.map(({ name }) => name) ?? []));
    }
  });
});

describe('the model card', () => {
  it('has its scores as model-index, as shares of 1', () => {
    const line = card.split('\n').find((one) => one.startsWith('model-index: ')) ?? '';
    const index = JSON.parse(line.slice('model-index: '.length)) as readonly {
      readonly results: readonly { readonly dataset: { readonly split: string }; readonly metrics: readonly { readonly value: number }[] }[];
    }[]; // prettier-ignore
    fits('modelIndex', index);
    const ofTest = index[0]?.results.find(({ dataset }) => dataset.split === 'test');
    const scores = run.snapshots.find(({ epoch }) => epoch === run.selectedEpoch)?.test[0]?.lenient.overall;
    const values = scores === undefined ? [] : [scores.precision, scores.recall, scores.f1];
    ofTest?.metrics.slice(0, 3).forEach(({ value }, at) => expect(value).toBeCloseTo((values[at] ?? NaN) / 100, 5));
    expect(ofTest?.metrics.length).toBe(4);
  });
});

const python = process.env['BIONER_PYTHON'];
if (python === undefined) console.info('The validators of the formats are not run: BIONER_PYTHON may name a Python that has huggingface_hub, mlcroissant or roc-validator.'); // prettier-ignore

it.skipIf(python === undefined)('passes the validators that are installed', () => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'metadata-'));
  afterAll(() => rmSync(home, { recursive: true }));
  const put = (folder: string, files: readonly NamedFile[]): void => {
    for (const { path: file, bytes } of files) {
      mkdirSync(path.dirname(path.join(home, folder, file)), { recursive: true });
      writeFileSync(path.join(home, folder, file), bytes);
    }
  };
  put('crate', crate);
  put('croissant', described);
  put('.', [{ path: 'README.md', bytes: new TextEncoder().encode(card) }]);
  const { status, stdout, stderr } = spawnSync(python ?? '', [path.join(fixtures, 'run_validators.py'), home], { encoding: 'utf8' }); // prettier-ignore
  expect(status, stderr).toBe(0);
  const said = JSON.parse(stdout) as { readonly crate: unknown; readonly croissant: unknown; readonly card: unknown };
  console.info(`Validated: ${Object.entries(said).flatMap(([name, one]) => (one === null ? [] : [name])).join(', ')}.`); // prettier-ignore
  if (said.crate !== null) expect(said.crate).toEqual([]);
  if (said.croissant !== null)
    expect(said.croissant).toEqual({ issues: [], records: { train: 12, devel: 4, test: 3 } });
  if (said.card !== null) expect((said.card as unknown[]).length).toBeGreaterThan(3);
});
