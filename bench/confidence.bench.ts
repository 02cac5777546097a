// Measures on real text how well the shipped tagger's confidences are calibrated, and how many spoiled annotations its doubts find.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readSplit } from '../scripts/tagger/joinCommand.ts';
import { inJointNames, jointSources } from '../scripts/tagger/jointCorpus.ts';
import { openNodeTagger, type NodeTagger } from '../scripts/tagger/nodeTagging.ts';
import type { Mention, Sentence } from '../src/data/corpus/corpus.ts';
import { buildSequences } from '../src/data/pieces/sequences.ts';
import {
  atTemperature,
  calibrationOf,
  fitTemperature,
  labelDoubts,
  outcomesOf,
  type LabelDoubt,
  type MentionOutcome,
  type ProbableMention,
} from '../src/metrics/calibration.ts';
import { memory } from '../src/storage/store.ts';
import { importModel } from '../src/training/importModel.ts';
import { tagSentences } from '../src/training/tagSentences.ts';
import { drain, neverAborted } from '../src/util/clock.ts';
import { Rng } from '../src/util/random.ts';

// Run manually: npx tsx bench/confidence.bench.ts CORPORA
const SPOILED_SHARE = 0.05;
const SENTENCES_AT_ONCE = 512;
const SEEDS = [1, 2, 3] as const;
const root = path.resolve(import.meta.dirname, '..');

interface Tagged {
  readonly sentences: readonly Sentence[];
  readonly predicted: readonly (readonly ProbableMention[])[];
  readonly probabilities: readonly (readonly number[])[];
}

async function tag({ tagger }: NodeTagger, sentences: readonly Sentence[], types: readonly string[]): Promise<Tagged> {
  const predicted: ProbableMention[][] = [];
  const probabilities: (readonly number[])[] = [];
  for (let from = 0; from < sentences.length; from += SENTENCES_AT_ONCE) {
    const block = sentences.slice(from, from + SENTENCES_AT_ONCE);
    const { sequences } = buildSequences(block, tagger.tagSet, tagger.tokenizer, tagger.config);
    const tagged = await drain(tagSentences({ sentences: block, sequences }, tagger, tagger.config, neverAborted));
    for (const { mentions, annotated } of tagged) {
      predicted.push(mentions.filter(({ type }) => types.includes(type)));
      probabilities.push(annotated);
    }
  }
  return { sentences, predicted, probabilities };
}

const outcomes = ({ sentences, predicted }: Tagged): readonly MentionOutcome[] => outcomesOf(sentences, predicted);

interface Spoiled {
  readonly sentences: readonly Sentence[];
  /** Sentence, first and last token of what was annotated before. */
  readonly places: readonly { readonly sentence: number; readonly start: number; readonly end: number }[];
}

/** Removes a share of the annotated mentions, or moves their end by a token, each half of the time. */
function spoil(sentences: readonly Sentence[], rng: Rng): Spoiled {
  const places: { sentence: number; start: number; end: number }[] = [];
  const spoiled = sentences.map(({ tokens, mentions }, sentence): Sentence => {
    const left = mentions.flatMap((mention, index): readonly Mention[] => {
      if (rng.uniform() >= SPOILED_SHARE) return [mention];
      const { start, end, type } = mention;
      places.push({ sentence, start, end });
      if (rng.uniform() < 0.5) return [];
      const isFree = end < (mentions[index + 1]?.start ?? tokens.length);
      if (end - start > 1) return [{ type, start, end: end - 1 }];
      return isFree ? [{ type, start, end: end + 1 }] : [];
    });
    return { tokens, mentions: left };
  });
  return { sentences: spoiled, places };
}

/** Whether a doubt is about a spoiled place. */
function isAbout({ sentence, annotated, predicted }: LabelDoubt, places: Spoiled['places']): boolean {
  return places.some(
    (place) =>
      place.sentence === sentence &&
      [annotated, predicted].some((one) => one !== null && one.start < place.end && place.start < one.end),
  );
}

const percent = (share: number): string => (100 * share).toFixed(1);

async function main(corpora: string | undefined): Promise<void> {
  if (corpora === undefined) throw new Error('Expected the folder of the corpora, as npm run shipped-tagger reads it.');
  const folder = path.join(root, 'public/taggers/xlnet-bio-tiny-four-types');
  const tokenizer = path.join(root, 'public/models/xlnet-bio-tiny');
  const own = readdirSync(folder).map((name) => ({
    name,
    bytes: new Uint8Array(readFileSync(path.join(folder, name))),
  }));
  const names = new Set(own.map(({ name }) => name));
  const shared = readdirSync(tokenizer).filter((name) => !names.has(name) && !name.endsWith('.safetensors')).map((name) => ({ name, bytes: new Uint8Array(readFileSync(path.join(tokenizer, name))) })); // prettier-ignore
  const store = memory();
  const { id } = await importModel(store, 'shipped', true, [...own, ...shared]);
  const opened = await openNodeTagger(store, { kind: 'model', modelId: id });
  console.log('| corpus | mentions | ECE | temperature | ECE with it | spoiled | differences | precision at 10 | 25 | at the number spoiled | by chance |'); // prettier-ignore
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const source of jointSources) {
    const types = Object.values(source.types);
    const read = async (split: 'devel' | 'test'): Promise<readonly Sentence[]> =>
      (await readSplit(corpora, source.folder, split)).map(({ tokens, mentions }) => ({ tokens, mentions: inJointNames(mentions, source.types) })); // prettier-ignore
    const test = await read('test');
    const clean = await tag(opened, test, types);
    const temperature = fitTemperature(outcomes(await tag(opened, await read('devel'), types)));
    const corrected = outcomes(clean).map((one) => ({
      ...one,
      confidence: atTemperature(one.confidence, temperature),
    }));
    const found: (readonly number[])[] = [];
    for (const seed of SEEDS) {
      const { sentences, places } = spoil(test, Rng.seeded(seed));
      const { predicted, probabilities } = await tag(opened, sentences, types);
      const doubts = labelDoubts(sentences, probabilities, predicted);
      const precision = (k: number): number => doubts.slice(0, k).filter((one) => isAbout(one, places)).length / k;
      found.push([places.length, doubts.length, precision(10), precision(25), precision(places.length), precision(doubts.length)]); // prettier-ignore
    }
    const mean = (column: number): number => found.reduce((sum, row) => sum + (row[column] ?? 0), 0) / found.length;
    const cells = [calibrationOf(outcomes(clean)).expectedError, temperature, calibrationOf(corrected).expectedError];
    console.log(
      `| ${source.folder} | ${outcomes(clean).length} | ${percent(cells[0] ?? 0)} | ${temperature.toFixed(2)} | ${percent(cells[2] ?? 0)} | ${mean(0).toFixed(0)} | ${mean(1).toFixed(0)} | ${[2, 3, 4, 5].map((column) => percent(mean(column))).join(' | ')} |`,
    );
  }
  opened.dispose();
}

await main(process.argv[2]);
// Threads of the engine would keep the process alive.
process.exit();
