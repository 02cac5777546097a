// Proves that the committed sample corpora match the generator's output and are well-formed, varied, and not from any published corpus.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SampleCatalogue } from '../../../scripts/samples/sampleCatalogue.ts';
import { sampleCorpora } from '../../../scripts/samples/sampleCorpora.ts';
import { expandTemplate, oneOf } from '../../../scripts/samples/template.ts';
import { Rng } from '../../../src/util/random.ts';

const committed = fileURLToPath(new URL('../../../public/corpora', import.meta.url));
const published = fileURLToPath(new URL('../../../../shared/corpora', import.meta.url));

type Line = readonly [token: string, tag: string];

/** Sentences of a TSV text, each as its lines. */
function sentencesOf(text: string): Line[][] {
  return text
    .trim()
    .split(/\r?\n\s*\r?\n/)
    .map((block) => block.split(/\r?\n/).map((line): Line => [line.split('\t')[0] ?? '', line.split('\t')[1] ?? '']));
}

/** A sentence without spaces and case, so that a different tokenisation cannot hide a copy. */
const squeezed = (lines: readonly Line[]): string =>
  lines
    .map(([token]) => token)
    .join('')
    .toLowerCase();

function mentionTexts(sentences: readonly Line[][]): string[] {
  const texts: string[] = [];
  for (const [token, tag] of sentences.flat()) {
    if (tag.startsWith('B-')) texts.push(token);
    else if (tag.startsWith('I-')) texts.push(`${texts.pop() ?? ''} ${token}`);
  }
  return texts;
}

let files: ReadonlyMap<string, string>;
beforeAll(() => {
  files = sampleCorpora();
});

describe('sampleCorpora', () => {
  it('makes exactly the committed files', () => {
    const present = readdirSync(committed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(committed.length + 1)
          .replaceAll('\\', '/'),
      );
    expect(present.sort()).toEqual([...files.keys()].sort());
    for (const [path, text] of files) expect(readFileSync(join(committed, path), 'utf8'), path).toBe(text);
  });

  it('is listed truly: counts, files, two corpora in each of four categories', () => {
    const { corpora } = JSON.parse(files.get('catalogue.json') ?? '') as SampleCatalogue;
    for (const category of ['chemical', 'disease', 'gene', 'species']) {
      expect(corpora.filter((corpus) => corpus.category === category)).toHaveLength(2);
    }
    for (const corpus of corpora) {
      for (const split of ['train', 'devel', 'test'] as const) {
        const sentences = sentencesOf(files.get(corpus.files[split]) ?? '');
        expect(sentences).toHaveLength(corpus.sentences[split]);
        const begins = sentences.flat().filter(([, tag]) => tag === `B-${corpus.type}`);
        expect(begins).toHaveLength(corpus.mentions[split]);
      }
    }
  });

  it('holds nothing but tokens and IOB2 tags of its type, and no sentence twice', () => {
    const seen = new Set<string>();
    const wrong: string[] = [];
    for (const [path, text] of files) {
      if (!path.endsWith('.tsv')) continue;
      for (const sentence of sentencesOf(text)) {
        let previous = 'O';
        for (const [token, tag] of sentence) {
          if (!/^\S+$/.test(token) || !/^(?:O|[BI]-(?:Chemical|Disease|Gene|Species))$/.test(tag)) wrong.push(token);
          if (tag.startsWith('I-') && previous.slice(1) !== tag.slice(1)) wrong.push(`${previous} before ${tag}`);
          previous = tag;
        }
        if (seen.has(squeezed(sentence))) wrong.push(`twice: ${squeezed(sentence)}`);
        seen.add(squeezed(sentence));
      }
    }
    expect(wrong).toEqual([]);
    expect(seen.size).toBe(8 * 500);
  });

  it('asks for more than remembering: half of the devel names are new, and the sister corpus knows some of them', () => {
    for (const category of ['chemical', 'disease', 'gene', 'species']) {
      for (const [letter, sister] of ['ab', 'ba']) {
        const names = (corpus: string | undefined, split: string) =>
          mentionTexts(sentencesOf(files.get(`sample-${category}-${corpus}/${split}.tsv`) ?? ''));
        const train = new Set(names(letter, 'train'));
        const unseen = names(letter, 'devel').filter((name) => !train.has(name));
        const sisterTrain = new Set(names(sister, 'train'));
        expect(unseen.length / names(letter, 'devel').length).toBeGreaterThan(0.45);
        expect(unseen.filter((name) => sisterTrain.has(name)).length).toBeGreaterThan(5);
      }
    }
  });

  it('has words that are mentions in one sentence and plain in another', () => {
    const tagsOf = (corpus: string, word: string) =>
      new Set(
        sentencesOf(files.get(`sample-${corpus}/train.tsv`) ?? '')
          .flat()
          .filter(([token]) => token.toLowerCase() === word)
          .map(([, tag]) => tag.charAt(0)),
      );
    for (const [corpus, word] of [
      ['chemical-a', 'lead'],
      ['chemical-b', 'gold'],
      ['disease-a', 'stroke'],
      ['gene-a', 'cat'],
      ['species-a', 'turkey'],
    ]) {
      expect(tagsOf(corpus ?? '', word ?? '').size, word).toBe(2);
    }
  });

  it('repeats no sentence of a published corpus', ({ skip }) => {
    if (!existsSync(published)) skip('no folder ../shared/corpora to compare with');
    const ours = new Set<string>();
    for (const [path, text] of files) {
      if (path.endsWith('.tsv')) sentencesOf(text).forEach((sentence) => ours.add(squeezed(sentence)));
    }
    const copies: string[] = [];
    let compared = 0;
    for (const entry of readdirSync(published, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.tsv')) continue;
      let text = '';
      for (const line of readFileSync(join(entry.parentPath, entry.name), 'utf8').split('\n')) {
        if (line.trim() !== '') {
          text += line.split('\t')[0] ?? '';
          continue;
        }
        compared++;
        if (ours.has(text.toLowerCase())) copies.push(text);
        text = '';
      }
    }
    expect(compared).toBeGreaterThan(1000);
    expect(copies).toEqual([]);
  }, 30_000);
});

describe('expandTemplate', () => {
  it('marks slots in square brackets as mentions and expands slots within slots', () => {
    const slots = { name: oneOf('red vole'), pair: oneOf('[name] and [=grey newt]'), none: oneOf('') };
    expect(
      expandTemplate('we saw {pair} {none} in <a|a> {unit} .', { ...slots, unit: oneOf('aviary') }, 'T', Rng.seeded(1)),
    ).toEqual({
      tokens: ['We', 'saw', 'red', 'vole', 'and', 'grey', 'newt', 'in', 'an', 'aviary', '.'],
      mentions: [
        { type: 'T', start: 2, end: 4 },
        { type: 'T', start: 5, end: 7 },
      ],
    });
  });

  it('refuses a template with a slot nobody fills', () => {
    expect(() => expandTemplate('a {missing} slot', {}, 'T', Rng.seeded(1))).toThrow('missing');
  });
});
