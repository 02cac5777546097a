// Proves that dropped files become the intended corpora, and that these are described and corrected faithfully.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeSentences,
  type CorpusSentences,
  type CorpusSource,
  type Sentence,
  type Split,
} from '../../../../src/data/corpus/corpus.ts';
import { mentionsToTags, type TagScheme } from '../../../../src/data/corpus/tagScheme.ts';
import { assembleCorpora } from '../../../../src/data/import/assembleCorpora.ts';
import { moveSource } from '../../../../src/data/import/movedSources.ts';
import { corpusRecordSchema } from '../../../../src/schema/corpusRecord.ts';
import { sentences } from '../corpus/taggedTexts.ts';

const rowsOf = (word: string) => `${word}\tB-Drug\nhelps\tO\n\n`;
const file = (path: string, text = rowsOf(path.replace(/\W/g, ''))) => ({
  path,
  bytes: new TextEncoder().encode(text),
});
const assemble = (...paths: string[]) => assembleCorpora(paths.map((path) => file(path)));
/** `name: split=file split=file` for each corpus. */
const shape = (...paths: string[]) =>
  assemble(...paths).corpora.map(
    ({ name, sources }) => `${name}: ${sources.map((source) => `${source.split}=${source.file}`).join(' ')}`,
  );

describe('assembleCorpora', () => {
  it('makes one corpus of a folder, named after it', () => {
    expect(shape('NCBI/train.tsv', 'NCBI/test.tsv', 'NCBI/devel.tsv')).toEqual([
      'NCBI: train=NCBI/train.tsv devel=NCBI/devel.tsv test=NCBI/test.tsv',
    ]);
  });

  it('makes several corpora of a folder of folders', () => {
    expect(shape('all/A/train.tsv', 'all/B/test.tsv', 'all/B/train.tsv')).toEqual([
      'A: train=all/A/train.tsv',
      'B: train=all/B/train.tsv test=all/B/test.tsv',
    ]);
    expect(shape('x/A/train.tsv', 'y/A/train.tsv')).toEqual(['x/A: train=x/A/train.tsv', 'y/A: train=y/A/train.tsv']);
  });

  it('takes split folders as a part of the corpus around them', () => {
    expect(shape('A/train/1.conll', 'A/train/2.conll', 'A/test/3.conll')).toEqual([
      'A: train=A/train/1.conll train=A/train/2.conll test=A/test/3.conll',
    ]);
    expect(shape('test/train.tsv', 'test/test.tsv')).toEqual(['test: train=test/train.tsv test=test/test.tsv']);
  });

  describe('a file of rows whose name says no split', () => {
    const words = Array.from({ length: 40 }, (_, index) => `herb${index}`);
    const whole = file('notes.tsv', words.map(rowsOf).join(''));
    const wordsOf = (sentences: readonly Sentence[]) => sentences.map(({ tokens }) => tokens[0]);
    const bySplit = (files: readonly ReturnType<typeof file>[]) => {
      const [corpus] = assembleCorpora(files).corpora;
      if (corpus === undefined) throw new Error('no corpus');
      const { train, devel, test } = corpus.sentences;
      return { train: wordsOf(train), devel: wordsOf(devel), test: wordsOf(test), corpus };
    };

    it('is divided sentence by sentence, the same in every lab, and that is said', () => {
      const { train, devel, test, corpus } = bySplit([whole]);
      expect([train.length, devel.length, test.length]).toEqual([32, 4, 4]);
      expect([...train, ...devel, ...test].sort()).toEqual([...words].sort());
      expect(devel).toEqual(['herb8', 'herb24', 'herb29', 'herb33']);
      expect(corpus.sources.map(({ file: name, split }) => `${split}=${name}`)).toEqual([
        'train=notes.tsv',
        'devel=notes.tsv (drawn for devel)',
        'test=notes.tsv (drawn for test)',
      ]);
      expect(corpus.issues).toEqual([
        expect.objectContaining({ severity: 'warning', code: 'corpus/split', message: expect.stringContaining('32 for train, 4 for devel, 4 for test') as unknown }), // prettier-ignore
      ]);
    });

    it('gives no test sentence where there is a test file, and nothing where there is devel or too little', () => {
      const beside = bySplit([whole, file('notes-test.tsv')]);
      expect([beside.train.length, beside.devel.length, beside.test]).toEqual([36, 4, ['notestesttsv']]);
      expect(bySplit([whole, file('notes-dev.tsv')]).train).toHaveLength(40);
      expect(bySplit([file('notes.tsv', words.slice(0, 9).map(rowsOf).join(''))]).train).toHaveLength(9);
      expect(bySplit([{ ...whole, path: 'notes-train.tsv' }]).train).toHaveLength(40);
    });
  });

  it('groups loose files by what their names share', () => {
    expect(shape('foo-train.tsv', 'foo-test.tsv', 'bar_dev.tsv', 'bar_train.tsv')).toEqual([
      'bar: train=bar_train.tsv devel=bar_dev.tsv',
      'foo: train=foo-train.tsv test=foo-test.tsv',
    ]);
    expect(shape('all/foo-train.tsv', 'all/bar-train.tsv')).toEqual([
      'bar: train=all/bar-train.tsv',
      'foo: train=all/foo-train.tsv',
    ]);
  });

  it('names loose split files by their content', () => {
    const [corpus] = assemble('train.tsv', 'test.tsv').corpora;
    expect(corpus?.name).toBe(`corpus ${corpus?.fingerprint.slice(0, 6)}`);
  });

  it('trains on files that name no split, with a warning, where there is no train', () => {
    const [corpus] = assemble('A/a.tsv', 'A/test.tsv').corpora;
    expect(corpus?.sources.map(({ split }) => split)).toEqual(['train', 'test']);
    expect(corpus?.issues).toMatchObject([{ severity: 'warning', code: 'corpus/split', file: 'A/a.tsv' }]);
  });

  it('leaves out files that name no split where there is a train', () => {
    const [corpus] = assemble('A/train.tsv', 'A/devel.tsv', 'A/train_dev.tsv').corpora;
    expect(corpus?.sources.map((source) => source.file)).toEqual(['A/train.tsv', 'A/devel.tsv']);
    expect(corpus?.issues).toMatchObject([{ severity: 'error', code: 'corpus/split', file: 'A/train_dev.tsv' }]);
  });

  it('keeps what is good beside broken files, and refuses a corpus that has nothing else', () => {
    const { corpora, refused, ignored } = assembleCorpora([
      file('A/train.tsv'),
      file('A/test.tsv', 'a\tO\n\0'),
      file('A/README.md', 'About A.'),
      file('B/train.tsv', ''),
    ]);
    expect(corpora).toMatchObject([
      { name: 'A', issueCount: 1, issues: [{ code: 'corpus/binary', file: 'A/test.tsv' }] },
    ]);
    expect(corpora[0]?.sources).toHaveLength(1);
    expect(refused).toMatchObject([
      { name: 'B', issueCount: 1, issues: [{ code: 'corpus/empty', file: 'B/train.tsv' }] },
    ]);
    expect(ignored).toMatchObject([{ severity: 'info', file: 'A/README.md' }]);
  });

  it('lists errors before warnings, so that a flood of one hides none of the other', () => {
    const slips = 'a\tI-Drug\n\n'.repeat(1500) + rowsOf('x').repeat(20_000);
    const { corpora } = assembleCorpora([file('A/test.tsv', slips), file('A/train.tsv', `${rowsOf('x')}a\tQ\n`)]);
    expect(corpora[0]?.issues).toHaveLength(1000);
    expect(corpora[0]?.issues[0]).toMatchObject({ code: 'corpus/unknown-tag', file: 'A/train.tsv', line: 4 });
    expect(corpora[0]?.issueCount).toBe(1501);
  });

  it('gives everything that a corpus record holds', () => {
    const [corpus] = assemble('A/train.tsv', 'A/test.tsv').corpora;
    if (corpus === undefined) throw new Error('no corpus');
    const { sentences: _, texts: __, survey: ___, group: ____, ...rest } = corpus;
    const record = {
      ...rest,
      version: 1,
      id: rest.fingerprint.slice(0, 16),
      builtIn: false,
      addedAt: '2026-01-01T00:00:00Z',
    };
    expect(corpusRecordSchema.parse(record)).toEqual(record);
  });
});

describe('the fingerprint', () => {
  const written = (corpus: readonly Sentence[], scheme: TagScheme) =>
    corpus
      .map(({ tokens, mentions }) => {
        const tags = mentionsToTags(mentions, tokens.length, scheme);
        return tokens.map((token, index) => `${token} ${tags[index]}\r\n`).join('');
      })
      .join('\r\n');

  it('is that of the sentences, not of scheme, name or order of the files', () => {
    fc.assert(
      fc.property(sentences, sentences, (train, test) => {
        const expected = describeSentences({ train, devel: [], test }).fingerprint;
        for (const scheme of ['IOB1', 'IOB2', 'IOBES'] as const) {
          const files = [
            file(`${scheme}-test.tsv`, written(test, scheme)),
            file(`${scheme}-train.conll`, written(train, scheme)),
          ];
          expect(assembleCorpora(files).corpora.map((corpus) => corpus.fingerprint)).toEqual([expected]);
          expect(assembleCorpora(files.reverse()).corpora.map((corpus) => corpus.fingerprint)).toEqual([expected]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('changes with a token, a mention, a type, a border or a split', () => {
    const base: Sentence = { tokens: ['a', 'b'], mentions: [{ type: 'C', start: 0, end: 1 }] };
    const variants: CorpusSentences[] = [
      { train: [base], devel: [], test: [] },
      { train: [], devel: [base], test: [] },
      { train: [{ ...base, tokens: ['a', 'c'] }], devel: [], test: [] },
      { train: [{ ...base, tokens: ['ab'] }], devel: [], test: [] },
      { train: [{ ...base, mentions: [] }], devel: [], test: [] },
      { train: [{ ...base, mentions: [{ type: 'D', start: 0, end: 1 }] }], devel: [], test: [] },
      { train: [{ ...base, mentions: [{ type: 'C', start: 0, end: 2 }] }], devel: [], test: [] },
      { train: [base, base], devel: [], test: [] },
    ];
    expect(new Set(variants.map((variant) => describeSentences(variant).fingerprint)).size).toBe(variants.length);
  });
});

describe('describeSentences', () => {
  it('counts by split and type', () => {
    const mention = (type: string, start: number) => ({ type, start, end: start + 1 });
    const { types, counts } = describeSentences({
      train: [
        { tokens: ['a', 'b', 'c'], mentions: [mention('D', 0), mention('C', 1), mention('D', 2)] },
        { tokens: ['a'], mentions: [] },
      ],
      devel: [],
      test: [{ tokens: ['a', 'b'], mentions: [mention('B', 1)] }],
    });
    expect(types).toEqual(['B', 'C', 'D']);
    expect(counts.train).toEqual({ sentences: 2, tokens: 4, mentions: 3, longest: 3, perType: { C: 1, D: 2 } });
    expect(counts.devel).toEqual({ sentences: 0, tokens: 0, mentions: 0, longest: 0, perType: {} });
  });
});

describe('moveSource', () => {
  const splits: readonly Split[] = ['train', 'devel', 'test'];
  const source = (split: Split, index: number): CorpusSource => ({
    file: `${index}.tsv`,
    split,
    scheme: 'IOB2',
    separator: 'tab',
    tokenColumn: 0,
    tagColumn: 1,
    sentences: index % 3,
    sizeBytes: 0,
  });
  /** Sentence k of file i is the token `i.k`. */
  const sentencesOf = (sources: readonly CorpusSource[]): CorpusSentences => {
    const of = (split: Split) =>
      sources
        .filter((one) => one.split === split)
        .flatMap(({ file: name, sentences: count }) =>
          Array.from({ length: count }, (_, index) => ({ tokens: [`${name}.${index}`], mentions: [] })),
        );
    return { train: of('train'), devel: of('devel'), test: of('test') };
  };

  it('gives what the files would have given in the other split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...splits), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.constantFrom(...splits),
        (ofFiles, pick, to) => {
          const sources = ofFiles.map(source);
          const index = pick % sources.length;
          const expected = sources.map((one, at) => (at === index ? { ...one, split: to } : one));
          const moved = moveSource({ sentences: sentencesOf(sources), texts: null, sources }, `${index}.tsv`, to);
          expect(moved).toEqual({ sources: expected, sentences: sentencesOf(expected), texts: null });
        },
      ),
    );
  });

  it('refuses a file it does not have, or sources that are not those of the sentences', () => {
    const sources = [source('train', 1), source('test', 2)];
    const problem = expect.objectContaining({ code: 'corpus/source' });
    expect(() => moveSource({ sentences: sentencesOf(sources), texts: null, sources }, 'else.tsv', 'test')).toThrow(
      problem,
    );
    expect(() => moveSource({ sentences: sentencesOf([]), texts: null, sources }, '1.tsv', 'test')).toThrow(problem);
  });
});
