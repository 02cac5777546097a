// Makes the files of the shipped tagger from the run that trained it, with its scores on annotated text and its card.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseResultFile } from '../../src/lab/plans/resultFiles.ts';
import { taggerFileSchema, type TaggerFile } from '../../src/schema/modelRecord.ts';
import type { ResultFile } from '../../src/schema/resultFile.ts';
import type { ShippedTaggerCard } from '../../src/schema/taggerFiles.ts';
import { fileSystem } from '../../src/storage/fileSystem.ts';
import { exportTagger } from '../../src/training/export/exportTagger.ts';
import { importModel } from '../../src/training/importModel.ts';
import { fingerprint } from '../../src/util/digest.ts';
import { LabError } from '../../src/util/labError.ts';
import type { TaggerRef } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { readSplit } from './joinCommand.ts';
import { jointSources } from './jointCorpus.ts';
import { openNodeTagger, type NodeTagger } from './nodeTagging.ts';
import { differenceOf, scoreTypes, sumOfDifferences, type FoundDifference, type TypeTest } from './scoreTypes.ts';
import { shippedLicence, taggerCard } from './taggerCard.ts';

export const shippedName = 'xlnet-bio-tiny-four-types';
/** Its vocabulary comes from the built-in model, which pages have already. */
const encoderFolder = 'models/xlnet-bio-tiny';
const sharedFiles = ['tokenizer.json', 'tokenizer_config.json'];
const ownFiles = ['config.json', 'bioner_lab.json', 'model.safetensors'];

/** Scores on annotated text, beside the result file of the run, whose corpus has no test split. */
export interface ShippedScores {
  readonly runId: string;
  readonly epoch: number;
  readonly tests: readonly TypeTest[];
  /** F1 of the taggers of single corpora on the same test sets. */
  readonly singles: readonly { readonly corpus: string; readonly type: string; readonly f1: number }[];
  /** What rounding the weights to 16 bits changes in all of the test sets. */
  readonly rounding: FoundDifference;
}

interface Publishing {
  readonly corpora: string;
  /** Results folders: of the plan of single corpora, and of the run to publish. */
  readonly singles: string;
  readonly trained: string;
  /** `public/` and `results/`. */
  readonly publicFolder: string;
  readonly resultsFolder: string;
}

export async function publishTagger(folders: Publishing, report: (line: string) => void): Promise<void> {
  const { publicFolder, resultsFolder } = folders;
  const resultText = await readFile(path.join(folders.trained, 'shipped-tagger.result.json'), 'utf8');
  const run = finishedRun(parseResultFile(resultText));
  const store = fileSystem(path.join(folders.trained, 'store'));
  const snapshot: TaggerRef = { kind: 'snapshot', runId: run.spec.id, epoch: run.selectedEpoch };
  const exported = await exportedFiles(store, snapshot);
  const shared = await sharedWith(publicFolder, exported);

  const temporary = await mkdtemp(path.join(os.tmpdir(), 'shipped-tagger-'));
  try {
    const imported = fileSystem(temporary);
    const draft = ownFiles.map((name) => ({ name, bytes: exported.get(name) ?? new Uint8Array() }));
    const { id } = await importModel(imported, shippedName, true, [...draft, ...shared.map((file) => ({ ...file }))]);
    const rounded = await openNodeTagger(imported, { kind: 'model', modelId: id });
    const exact = await openNodeTagger(store, snapshot);
    const { tests, rounding } = await scored(folders.corpora, rounded, exact, report);
    const singlesText = await readFile(path.join(folders.singles, 'shipped-tagger-single.result.json'), 'utf8');
    const singles = singleScores(parseResultFile(singlesText));
    const scores: ShippedScores = { runId: run.spec.id, epoch: run.selectedEpoch, tests, singles, rounding };

    const folder = path.join(publicFolder, 'taggers', shippedName);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const described = withTests(exported.get('bioner_lab.json') ?? new Uint8Array(), tests);
    const config = JSON.parse(new TextDecoder().decode(exported.get('config.json'))) as Record<string, unknown>;
    const written = { 'config.json': json({ ...config, licence: shippedLicence }), 'bioner_lab.json': json(described) };
    for (const name of ownFiles) {
      await writeFile(path.join(folder, name), new Map(Object.entries(written)).get(name) ?? exported.get(name) ?? '');
    }
    await writeFile(path.join(folder, 'README.md'), taggerCard(shippedName, described, scores));
    await writeFile(path.join(publicFolder, 'taggers', 'catalogue.json'), json(await catalogue(publicFolder, scores)));
    await writeFile(path.join(resultsFolder, 'shipped-tagger-single.result.json'), singlesText);
    await writeFile(path.join(resultsFolder, 'shipped-tagger.result.json'), resultText);
    await writeFile(path.join(resultsFolder, 'shipped-tagger.scores.json'), json(scores));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function finishedRun({ runs }: ResultFile) {
  const run = runs.find(({ status, selectedEpoch }) => status === 'finished' && selectedEpoch !== null);
  if (run === undefined || run.selectedEpoch === null) {
    throw new LabError('tagger/unfinished', 'The run of the shipped tagger has not finished.', {
      expected: 'a finished run',
    });
  }
  return { spec: run.spec, selectedEpoch: run.selectedEpoch };
}

async function exportedFiles(store: ReturnType<typeof fileSystem>, tagger: TaggerRef) {
  const { chunks } = await exportTagger(store, { tagger, precision: 'F16' }, nodePlatform);
  const parts = new Map<string, Uint8Array[]>();
  for (const { name, bytes } of chunks()) parts.set(name, [...(parts.get(name) ?? []), bytes]);
  return new Map([...parts].map(([name, bytes]) => [name, new Uint8Array(Buffer.concat(bytes))]));
}

/** Reads the vocabulary of the built-in model. Throws LabError `tagger/vocabulary` if the run had another one. */
async function sharedWith(publicFolder: string, exported: ReadonlyMap<string, Uint8Array>) {
  const files = sharedFiles.map(async (name) => {
    return { name, bytes: new Uint8Array(await readFile(path.join(publicFolder, encoderFolder, name))) };
  });
  const shared = await Promise.all(files);
  const [vocabulary] = shared;
  const own = exported.get('tokenizer.json');
  if (own === undefined || vocabulary === undefined || fingerprint(own) !== fingerprint(vocabulary.bytes)) {
    throw new LabError('tagger/vocabulary', 'The run was not trained with the vocabulary of the built-in model.', { expected: encoderFolder }); // prettier-ignore
  }
  return shared;
}

async function scored(corpora: string, rounded: NodeTagger, exact: NodeTagger, report: (line: string) => void) {
  const tests: TypeTest[] = [];
  const differences: FoundDifference[] = [];
  for (const source of jointSources) {
    const test = await readSplit(corpora, source.folder, 'test');
    const found = await rounded.tag(test);
    differences.push(differenceOf(found, await exact.tag(test)));
    for (const one of scoreTypes(source, test, found)) {
      tests.push(one);
      const { precision, recall, f1 } = one.scores.lenient.overall;
      report(`${one.corpus} ${one.type}: P ${precision.toFixed(2)} R ${recall.toFixed(2)} F1 ${f1.toFixed(2)}`);
    }
  }
  rounded.dispose();
  exact.dispose();
  const rounding = sumOfDifferences(differences);
  report(`16 bits: ${rounding.sentencesThatDiffer} of ${rounding.sentences} sentences differ`);
  return { tests, rounding };
}

/** F1 of each type on test of the taggers that saw one corpus. */
function singleScores({ runs }: ResultFile): ShippedScores['singles'] {
  return runs.flatMap(({ spec, snapshots, selectedEpoch }) => {
    const corpus = spec.tasks[0]?.corpus.name ?? '';
    const types = jointSources.find(({ folder }) => folder === corpus)?.types ?? {};
    const perType = snapshots.find(({ epoch }) => epoch === selectedEpoch)?.test[0]?.lenient.perType ?? {};
    return Object.entries(perType).map(([type, { f1 }]) => ({ corpus, type: types[type] ?? type, f1 }));
  });
}

/** Names the corpora and their annotated test sets, instead of the joint corpus, which has none. */
function withTests(bytes: Uint8Array, tests: readonly TypeTest[]): TaggerFile {
  const file = taggerFileSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return {
    ...file,
    provenance: {
      ...file.provenance,
      tasks: tests.map(({ corpus, annotatedAs }) => ({ corpus, type: annotatedAs })),
      devel: tests.map(() => null),
      test: tests.map(({ scores }) => scores),
    },
  };
}

async function catalogue(publicFolder: string, scores: ShippedScores): Promise<ShippedTaggerCard> {
  const paths = [
    ...ownFiles.map((name) => ({ name, path: `taggers/${shippedName}/${name}` })),
    ...sharedFiles.map((name) => ({ name, path: `${encoderFolder}/${name}` })),
  ];
  const files = paths.map(async ({ name, path: file }) => {
    const bytes = new Uint8Array(await readFile(path.join(publicFolder, file)));
    return { name, path: file, sizeBytes: bytes.byteLength, sha256: fingerprint(bytes) };
  });
  const tests = scores.tests.map(({ corpus, type, scores: { sentences, lenient } }) => {
    const [precision, recall, f1] = [lenient.overall.precision, lenient.overall.recall, lenient.overall.f1].map(
      rounded2,
    );
    return { type, corpus, sentences, precision: precision ?? 0, recall: recall ?? 0, f1: f1 ?? 0 };
  });
  return {
    version: 1,
    name: shippedName,
    runId: scores.runId,
    licence: 'CC BY 4.0',
    files: await Promise.all(files),
    tests,
  };
}

function rounded2(value: number): number {
  return Number(value.toFixed(2));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
