// Proves that the shipped tagger's files are those of the committed run, say its scores, and mark all four types in invented sentences.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openNodeTagger, type NodeTagger } from '../../scripts/tagger/nodeTagging.ts';
import type { ShippedScores } from '../../scripts/tagger/publishCommand.ts';
import { documentOfText } from '../../src/data/documents/documentSentences.ts';
import { parseResultFile } from '../../src/lab/plans/resultFiles.ts';
import { taggerFileSchema } from '../../src/schema/modelRecord.ts';
import { shippedTaggerSchema } from '../../src/schema/taggerFiles.ts';
import { memory } from '../../src/storage/store.ts';
import { importModel } from '../../src/training/importModel.ts';
import { fingerprint } from '../../src/util/digest.ts';

const read = (file: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(path.resolve(file)));
const textOf = (file: string): string => new TextDecoder().decode(read(file));
const card = shippedTaggerSchema.parse(JSON.parse(textOf('public/taggers/catalogue.json')));
const described = taggerFileSchema.parse(JSON.parse(textOf(`public/taggers/${card.name}/bioner_lab.json`)));
const scores = JSON.parse(textOf('results/shipped-tagger.scores.json')) as ShippedScores;
const result = parseResultFile(textOf('results/shipped-tagger.result.json'));

describe('the files', () => {
  it('are whole, and no larger than they say', () => {
    for (const { path: file, sizeBytes, sha256 } of card.files) {
      const bytes = read(`public/${file}`);
      expect({ file, sizeBytes: bytes.byteLength, sha256: fingerprint(bytes) }).toEqual({ file, sizeBytes, sha256 });
    }
    expect(card.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThan(5e6);
  });

  it('are of the run in the result file, which the committed plan describes', () => {
    const [run] = result.runs;
    expect(run).toMatchObject({ status: 'finished', spec: { id: card.runId, model: { name: 'xlnet-bio-tiny' } } });
    expect(described.provenance).toMatchObject({ runId: card.runId, epoch: run?.selectedEpoch });
    expect(described.tags).toEqual(run?.tags);
    expect(scores).toMatchObject({ runId: card.runId, epoch: run?.selectedEpoch });
    const plan = JSON.parse(textOf('results/shipped-tagger.plan.json')) as { readonly config: unknown };
    expect(run?.spec.config).toEqual(plan.config);
    expect(described.config).toEqual(plan.config);
  });

  it('say the scores that were measured, in all four places', () => {
    expect(new Set(card.tests.map(({ type }) => type))).toEqual(new Set(['Chemical', 'Disease', 'Gene', 'Species']));
    expect(described.provenance.test).toEqual(scores.tests.map((one) => one.scores));
    const readme = textOf(`public/taggers/${card.name}/README.md`);
    scores.tests.forEach(({ corpus, type, scores: { sentences, lenient } }, index) => {
      const { precision, recall, f1 } = lenient.overall;
      const [p, r, f] = [precision, recall, f1].map((value) => value.toFixed(2));
      expect(card.tests[index]).toEqual({ corpus, type, sentences, precision: Number(p), recall: Number(r), f1: Number(f) }); // prettier-ignore
      expect(readme).toContain(`| ${p} | ${r} | ${f} |`);
      // What a model of this size can do, so that a broken one is not published.
      expect(f1).toBeGreaterThan(60);
    });
  });

  it('say what 16 bits change, which is next to nothing', () => {
    const { sentences, sentencesThatDiffer, largestChange } = scores.rounding;
    expect(sentences).toBe(scores.tests.filter(({ type }) => type !== 'Chemical').reduce((sum, one) => sum + one.scores.sentences, 0)); // prettier-ignore
    expect(sentencesThatDiffer / sentences).toBeLessThan(0.005);
    const readme = textOf(`public/taggers/${card.name}/README.md`).replace(/\s+/g, ' ');
    expect(readme).toContain(`the mentions of ${sentencesThatDiffer} of the ${sentences} test sentences`);
    expect(readme).toContain(largestChange.toFixed(4));
  });
});

describe('the tagger', () => {
  let tagger: NodeTagger;
  beforeAll(async () => {
    const store = memory();
    const files = card.files.map(({ name, path: file }) => ({ name, bytes: read(`public/${file}`) }));
    const { id } = await importModel(store, card.name, true, files);
    tagger = await openNodeTagger(store, { kind: 'model', modelId: id });
  });
  afterAll(() => tagger.dispose());

  const found = async (text: string) => {
    const document = documentOfText('text', text);
    const sentences = document.sentences.map((spans) => ({
      tokens: spans.map(({ start, end }) => text.slice(start, end)),
      mentions: [],
    }));
    const mentions = await tagger.tag(sentences);
    return sentences.flatMap(({ tokens }, index) =>
      (mentions[index] ?? []).map(({ type, start, end, confidence }) => ({
        mention: `${tokens.slice(start, end).join(' ')} ${type}`,
        confidence,
      })),
    );
  };

  it('marks all four types in invented sentences, with probabilities', async () => {
    const mentions = await found(
      'Aspirin lowered the risk of colorectal cancer. Mutations of the BRCA1 gene were found in patients with breast cancer. ' +
        'Mice that were given metformin did not develop diabetes.',
    );
    const named = mentions.map(({ mention }) => mention);
    for (const wanted of [
      'Aspirin Chemical',
      'colorectal cancer Disease',
      'breast cancer Disease',
      'metformin Chemical',
      'diabetes Disease',
      'Mice Species',
    ]) {
      expect(named).toContain(wanted);
    }
    expect(named.some((mention) => /BRCA1.* Gene$/.test(mention))).toBe(true);
    for (const { confidence } of mentions) expect(confidence > 0 && confidence <= 1).toBe(true);
  });

  it('marks nothing where there is nothing', async () => {
    expect(await found('The meeting was moved to Thursday because of the weather.')).toEqual([]);
  });
});
