// Measures what exporting the shipped tagger as ONNX changes: its F1 on annotated test sets in every precision, sentences that differ, bytes.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Sentence } from '../../src/data/corpus/corpus.ts';
import { lenientMentions } from '../../src/data/corpus/tagSequences.ts';
import { ONNX_PRECISIONS, type OnnxPrecision } from '../../src/schema/taggerFiles.ts';
import type { SureMention } from '../../src/wire/trainingProtocol.ts';
import { readSplit } from './joinCommand.ts';
import { jointSources } from './jointCorpus.ts';
import { openNodeTagger } from './nodeTagging.ts';
import { exportedOnnx, graphBytes, openedOnnx, shippedInStore } from './onnxTagging.ts';
import { shippedName } from './publishCommand.ts';
import { differenceOf, scoreTypes } from './scoreTypes.ts';

type Found = readonly (readonly SureMention[])[];

/** F1 in percent of one type on the test set of one corpus: of the lab, and of each ONNX graph. */
interface OnnxScore {
  readonly corpus: string;
  readonly type: string;
  readonly sentences: number;
  readonly lab: number;
  readonly onnx: Readonly<Record<OnnxPrecision, number>>;
}

export interface OnnxScores {
  readonly tagger: string;
  readonly runtime: 'onnxruntime-node';
  readonly scores: readonly OnnxScore[];
  readonly graphs: readonly {
    readonly precision: OnnxPrecision;
    readonly sizeBytes: number;
    readonly sentences: number;
    /** Sentences in which it finds other mentions than the lab. */
    readonly sentencesThatDiffer: number;
    readonly seconds: number;
  }[];
}

/** Writes `shipped-tagger.onnx.json` to the folder of results. */
export async function measureOnnx(
  corpora: string,
  { publicFolder, resultsFolder }: { readonly publicFolder: string; readonly resultsFolder: string },
  report: (line: string) => void,
): Promise<void> {
  const { store, tagger } = await shippedInStore(publicFolder, shippedName);
  const tests = await Promise.all(jointSources.map(({ folder }) => readSplit(corpora, folder, 'test')));
  const lab = await openNodeTagger(store, tagger);
  const ofLab: Found[] = [];
  for (const test of tests) ofLab.push(await lab.tag(test));
  lab.dispose();

  const graphs: OnnxScores['graphs'][number][] = [];
  const found = new Map<OnnxPrecision, Found[]>();
  for (const precision of ONNX_PRECISIONS) {
    const files = await exportedOnnx(store, tagger, precision);
    const opened = await openedOnnx(files, 'onnxruntime-node');
    const startedAt = performance.now();
    const ofGraph: Found[] = [];
    for (const test of tests) ofGraph.push(mentionsOf(await opened.tag(test.map(({ tokens }) => tokens))));
    const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
    const differences = ofGraph.map((mentions, index) => differenceOf(mentions, ofLab[index] ?? []));
    const sentences = tests.flat().length;
    const sentencesThatDiffer = differences.reduce((sum, one) => sum + one.sentencesThatDiffer, 0);
    graphs.push({ precision, sizeBytes: graphBytes(files), sentences, sentencesThatDiffer, seconds });
    found.set(precision, ofGraph);
    report(
      `${precision}: ${sentencesThatDiffer} of ${sentences} sentences differ, ${graphBytes(files)} bytes, ${seconds} s`,
    );
  }
  const scores = jointSources.flatMap((source, index) => scoresOf(source, tests[index] ?? [], ofLab[index] ?? [], (precision) => found.get(precision)?.[index] ?? [])); // prettier-ignore
  for (const { corpus, type, lab: before, onnx } of scores) {
    report(`${corpus} ${type}: lab ${before} ${ONNX_PRECISIONS.map((one) => `${one} ${onnx[one]}`).join(' ')}`);
  }
  const measured: OnnxScores = { tagger: shippedName, runtime: 'onnxruntime-node', scores, graphs };
  await writeFile(path.join(resultsFolder, 'shipped-tagger.onnx.json'), `${JSON.stringify(measured, null, 2)}\n`);
}

function scoresOf(
  source: (typeof jointSources)[number],
  test: readonly Sentence[],
  ofLab: Found,
  ofGraph: (precision: OnnxPrecision) => Found,
): readonly OnnxScore[] {
  const f1 = (found: Found): number[] =>
    scoreTypes(source, test, found).map(({ scores }) => Number(scores.lenient.overall.f1.toFixed(2)));
  const [lab, f32, f16, int8] = [f1(ofLab), ...ONNX_PRECISIONS.map((precision) => f1(ofGraph(precision)))];
  return Object.values(source.types).map((type, index) => ({
    corpus: source.folder,
    type,
    sentences: test.length,
    lab: lab?.[index] ?? 0,
    onnx: { f32: f32?.[index] ?? 0, f16: f16?.[index] ?? 0, int8: int8?.[index] ?? 0 },
  }));
}

/** The graph's program gives no probabilities. */
function mentionsOf(tags: readonly (readonly string[])[]): Found {
  return tags.map((ofSentence) => lenientMentions(ofSentence).map((mention) => ({ ...mention, confidence: 1 })));
}
