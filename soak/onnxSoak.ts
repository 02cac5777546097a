// Compares the shipped tagger's ONNX graph with the lab on sentences of public corpora, in onnxruntime for Node and for the web.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readSplit } from '../scripts/tagger/joinCommand.ts';
import { jointSources } from '../scripts/tagger/jointCorpus.ts';
import { openNodeTagger, type NodeTagger } from '../scripts/tagger/nodeTagging.ts';
import { exportedOnnx, openedOnnx, RUNTIMES, shippedInStore } from '../scripts/tagger/onnxTagging.ts';
import { shippedName } from '../scripts/tagger/publishCommand.ts';
import { buildSequences, joinPredictions } from '../src/data/pieces/sequences.ts';
import { predictBatches } from '../src/training/evaluate.ts';
import { neverAborted } from '../src/util/clock.ts';
import type { SoakRow } from './soakRow.ts';

/** The largest difference of an emission. */
const TOLERANCE = 1e-4;

/** Sentences are those at the start of the test sets, as many of each corpus. A sentence is lost if an emission or a tag differs. */
export async function onnxSoak(
  { root, sentences: wanted }: { readonly root: string; readonly sentences: number },
  say: (line: string) => void,
): Promise<readonly SoakRow[]> {
  const corpora = path.resolve(root, '../shared/corpora');
  if (!existsSync(corpora)) {
    say(`left out: there is no ${path.relative(root, corpora)}`);
    return [];
  }
  const share = Math.ceil(wanted / jointSources.length);
  const tests = await Promise.all(jointSources.map(({ folder }) => readSplit(corpora, folder, 'test')));
  const sentences = tests.flatMap((test) => test.slice(0, share)).map(({ tokens }) => tokens);
  const { store, tagger } = await shippedInStore(path.join(root, 'public'), shippedName);
  const lab = await openNodeTagger(store, tagger);
  const here = await taggedHere(lab, sentences);
  lab.dispose();
  const files = await exportedOnnx(store, tagger, 'f32');
  const rows: SoakRow[] = [];
  for (const runtime of RUNTIMES) {
    const opened = await openedOnnx(files, runtime);
    const { predictions } = await opened.predict(sentences);
    const tags = await opened.tag(sentences);
    let worst = 0;
    let otherPaths = 0;
    predictions.forEach(({ emissions, graphTags }, index) => {
      const ours = here.emissions[index] ?? new Float32Array();
      emissions.forEach((value, at) => (worst = Math.max(worst, Math.abs(value - (ours[at] ?? NaN)))));
      if (graphTags.join() !== here.paths[index]?.join()) otherPaths += 1;
    });
    const otherTags = tags.filter((ofSentence, index) => ofSentence.join() !== here.tags[index]?.join()).length;
    say(
      `${runtime}: emissions differ by up to ${worst.toExponential(1)}, ${otherTags} sentences and ${otherPaths} paths of the graph`,
    );
    rows.push(
      { injected: `sentences in ${runtime}, decoded by tag.js`, times: sentences.length, lost: otherTags },
      { injected: `sequences in ${runtime}, decoded by the graph`, times: predictions.length, lost: otherPaths },
      {
        injected: `emissions in ${runtime}, to ${TOLERANCE}`,
        times: predictions.length,
        lost: worst < TOLERANCE ? 0 : 1,
      },
    );
  }
  return rows;
}

async function taggedHere({ tagger }: NodeTagger, tokens: readonly (readonly string[])[]) {
  const sentences = tokens.map((ofSentence) => ({ tokens: ofSentence, mentions: [] }));
  const { sequences } = buildSequences(sentences, tagger.tagSet, tagger.tokenizer, tagger.config);
  const emissions: Float32Array[] = [];
  const paths: Int32Array[] = [];
  for await (const { indices, prediction } of predictBatches(
    sequences,
    tagger.predictor,
    tagger.config,
    neverAborted,
  )) {
    const found = await prediction.emissions();
    for (const [row, index] of indices.entries()) {
      emissions[index] = found[row] as Float32Array;
      paths[index] = prediction.tags[row] as Int32Array;
    }
  }
  return { emissions, paths, tags: joinPredictions(sentences, sequences, paths, tagger.tagSet) };
}
