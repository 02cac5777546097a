// Makes the joint corpus: reads the corpora, lets the taggers of single corpora complete them, writes train.tsv and devel.tsv.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Sentence, Split } from '../../src/data/corpus/corpus.ts';
import { readConll } from '../../src/data/rows/conll.ts';
import { fileSystem } from '../../src/storage/fileSystem.ts';
import { readRunRecord } from '../../src/storage/runRecords.ts';
import type { Store } from '../../src/storage/store.ts';
import { LabError } from '../../src/util/labError.ts';
import type { SureMention } from '../../src/wire/trainingProtocol.ts';
import {
  chosenSentences,
  completed,
  inJointNames,
  jointRows,
  jointSources,
  withoutTestText,
  type JointSource,
} from './jointCorpus.ts';
import { openNodeTagger } from './nodeTagging.ts';

/** Name of the joint corpus in the plan. */
export const jointName = 'joint-four-types';

const joinedSplits = ['train', 'devel'] as const;

/** Reads the sentences of a split of a corpus in a folder of corpora. Throws LabError `tagger/corpora` where the file is missing. */
export async function readSplit(corpora: string, folder: string, split: Split): Promise<readonly Sentence[]> {
  const file = path.join(corpora, folder, `${split}.tsv`);
  const bytes = await readFile(file).catch((cause: unknown): never => {
    throw new LabError('tagger/corpora', `${file} cannot be read.`, { expected: `the corpus ${folder}`, cause });
  });
  return readConll(new Uint8Array(bytes), file).sentences;
}

interface ChosenText {
  readonly source: JointSource;
  readonly split: (typeof joinedSplits)[number];
  readonly sentences: readonly Sentence[];
  /** What the taggers found in each sentence, under the joint names. */
  readonly found: SureMention[][];
}

/** `singles`: the results folder of the plan that trains a tagger on each corpus alone. Returns the folder of the joint corpus. */
export async function joinCorpora(
  corpora: string,
  singles: string,
  out: string,
  report: (line: string) => void,
): Promise<string> {
  const chosen = await chosenTexts(corpora, report);
  const store = fileSystem(path.join(singles, 'store'));
  for (const runId of await finishedRuns(store)) await addFindings(store, runId, chosen, report);
  const folder = path.join(out, 'corpora', jointName);
  await mkdir(folder, { recursive: true });
  for (const split of joinedSplits) {
    const texts = chosen.filter((text) => text.split === split);
    const sentences = texts.flatMap(({ source, sentences: own, found }) => {
      const types = Object.values(source.types);
      return own.map(({ tokens, mentions }, index): Sentence => {
        return { tokens, mentions: completed(inJointNames(mentions, source.types), found[index] ?? [], types) };
      });
    });
    await writeFile(path.join(folder, `${split}.tsv`), jointRows(sentences));
    const counts = new Map<string, number>();
    for (const { type } of sentences.flatMap(({ mentions }) => mentions)) counts.set(type, (counts.get(type) ?? 0) + 1);
    report(
      `${split}: ${sentences.length} sentences, ${[...counts].map(([type, count]) => `${count} ${type}`).join(', ')}`,
    );
  }
  return folder;
}

async function chosenTexts(corpora: string, report: (line: string) => void): Promise<readonly ChosenText[]> {
  const read = (split: Split) => Promise.all(jointSources.map(({ folder }) => readSplit(corpora, folder, split)));
  const [train, devel, test] = [await read('train'), await read('devel'), await read('test')];
  const clean = withoutTestText(train, test);
  return jointSources.flatMap((source, index) => {
    const left = (train[index]?.length ?? 0) - (clean[index]?.length ?? 0);
    report(`${source.folder}: ${left} training sentences occur in a test split and are left out`);
    return joinedSplits.map((split): ChosenText => {
      const sentences = chosenSentences((split === 'train' ? clean : devel)[index] ?? [], split, source);
      return { source, split, sentences, found: sentences.map(() => []) };
    });
  });
}

async function finishedRuns(store: Store): Promise<readonly string[]> {
  const ids = new Set((await store.keys('run/')).map((key) => key.split('/')[1] ?? ''));
  const runs = await Promise.all([...ids].map((id) => readRunRecord(store, id)));
  return runs.flatMap((run) => (run?.status === 'finished' ? [run.spec.id] : []));
}

/** Tags the texts of every corpus but the run's own, which has these annotations already. */
async function addFindings(
  store: Store,
  runId: string,
  chosen: readonly ChosenText[],
  report: (line: string) => void,
): Promise<void> {
  const run = await readRunRecord(store, runId);
  const epoch = run?.selectedEpoch ?? null;
  const corpus = run?.spec.tasks[0]?.corpus.name;
  const own = jointSources.find(({ folder }) => folder === corpus);
  if (epoch === null || own === undefined) return;
  const tagger = await openNodeTagger(store, { kind: 'snapshot', runId, epoch });
  for (const { source, split, sentences, found } of chosen) {
    if (source === own) continue;
    const tagged = await tagger.tag(sentences);
    tagged.forEach((mentions, index) => found[index]?.push(...inJointNames(mentions, own.types)));
    report(
      `${own.folder} tagged ${source.folder} ${split}: ${tagged.flat().length} mentions in ${sentences.length} sentences`,
    );
  }
  tagger.dispose();
}
