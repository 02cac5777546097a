// Proves that documents of any text survive a round trip through every format: text, mentions, token boundaries.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IssueList } from '../../../../src/data/corpus/issues.ts';
import { TypeNames } from '../../../../src/data/corpus/tagScheme.ts';
import { annotateDocument } from '../../../../src/data/documents/annotateDocument.ts';
import { plausibleCountings } from '../../../../src/data/documents/countings.ts';
import {
  annotationFormats,
  type AnnotatedDocument,
  type AnnotationFormat,
} from '../../../../src/data/documents/document.ts';
import { sentencesOfDocument } from '../../../../src/data/documents/documentSentences.ts';
import { placeMentions } from '../../../../src/data/documents/placeMentions.ts';
import { writeDocuments } from '../../../../src/data/formats/writeDocuments.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';
import { annotatedTexts, type AnnotatedText } from './annotatedTexts.ts';

const toDocument = (id: string, { text, mentions }: AnnotatedText, confidences: readonly (number | null)[]) => {
  const issues = new IssueList(id);
  const spans = mentions.map(({ type, start, end }) => ({ type, fragments: [{ start, end }], text: null, line: null }));
  const placed = placeMentions(
    text,
    plausibleCountings(text, { unit: 'UTF-16 units' }),
    spans,
    new TypeNames(),
    issues,
  );
  const document = annotateDocument(id, { text, parts: [], ...placed }, issues);
  const ownMentions = document.mentions.map((mention, index) => ({
    ...mention,
    confidence: confidences[index % confidences.length] ?? null,
  }));
  return { ...document, mentions: ownMentions };
};

/** Documents with visible text, under distinct ids, some of them awkward. */
const documents: fc.Arbitrary<AnnotatedDocument[]> = fc
  .array(
    fc.record({
      text: annotatedTexts('lines').filter(({ text }) => /\S/.test(text)),
      confidences: fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1, maxLength: 3 }),
      id: fc.constantFrom('heron', 'PMID-7', 'fen/1', 'a&b "c"', 'é🐦', '..', 'Con'),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => all.map(({ text, confidences, id }, index) => toDocument(`${id}${index}`, text, confidences)));

/** The same texts each time, among them one that was once read in another counting than it was written; the soak of formats draws more. */
const SEED = -1884460227;

const written = (format: AnnotationFormat, all: readonly AnnotatedDocument[], confidences = true) => {
  const reading = readDocuments(writeDocuments(format, all, { confidences }));
  // Texts of numbers alone are read, and rightly remarked on.
  const isWanted = (code: string) => code === 'corpus/columns-unsure';
  const errors = reading.issues.filter(({ severity, code }) => severity !== 'info' && !isWanted(code));
  expect(errors).toEqual([]);
  return reading.documents;
};

const bare = (document: AnnotatedDocument) => ({
  ...document,
  mentions: document.mentions.map((mention) => ({ ...mention, confidence: null })),
});

/** The tokens of all sentences, and the types and positions of their mentions. */
const inTokens = (all: readonly AnnotatedDocument[]) => all.flatMap((document) => sentencesOfDocument(document));

describe('writeDocuments', () => {
  it.each(['BioC XML', 'BioC JSON', 'doccano', 'spaCy', 'Label Studio'] as const)(
    '%s gives back text, mentions and tokens',
    (format) => {
      fc.assert(
        fc.property(documents, fc.boolean(), (all, confidences) => {
          expect(written(format, all, confidences)).toEqual(all.map(bare));
        }),
        { numRuns: 60, seed: SEED },
      );
    },
  );

  it('BRAT gives back text, mentions and tokens of documents that are called as files can be', () => {
    fc.assert(
      fc.property(documents, fc.boolean(), (all, confidences) => {
        const found = written('BRAT', all, confidences);
        const byText = (left: AnnotatedDocument, right: AnnotatedDocument) => (left.text < right.text ? -1 : 1);
        const withoutId = (document: AnnotatedDocument) => ({ ...bare(document), id: '' });
        expect([...found].sort(byText).map(withoutId)).toEqual([...all].sort(byText).map(withoutId));
      }),
      { numRuns: 60, seed: SEED },
    );
  });

  it('PubTator gives back mentions at their offsets, and the text but for line breaks', () => {
    fc.assert(
      fc.property(documents, (all) => {
        const found = written('PubTator', all);
        const plain = ({ text, mentions }: AnnotatedDocument) => ({
          text: text.replace(/[\r\n\t]/g, ' ').trimEnd(),
          mentions: mentions.map(({ type, start, end }) => ({ type, start, end })),
        });
        expect(found.map(plain)).toEqual(all.map(plain));
      }),
      { numRuns: 60, seed: SEED },
    );
  });

  it.each(['CoNLL', 'Hugging Face'] as const)('%s gives back every token and every mention', (format) => {
    fc.assert(
      fc.property(documents, fc.boolean(), (all, confidences) => {
        expect(inTokens(written(format, all, confidences))).toEqual(inTokens(all));
      }),
      { numRuns: 60, seed: SEED },
    );
  });

  it('writes confidences where a format has a place for them', () => {
    const text = 'Moss heals.';
    const document = toDocument('1', { text, mentions: [{ type: 'Herb', start: 0, end: 4 }] }, [0.97]);
    const spelled = (format: AnnotationFormat, confidences: boolean) =>
      writeDocuments(format, [document], { confidences })
        .map(({ bytes }) => new TextDecoder().decode(bytes))
        .join('');
    for (const format of annotationFormats) {
      expect(spelled(format, true).includes('0.97')).toBe(format !== 'PubTator' && format !== 'doccano');
      expect(spelled(format, false)).not.toContain('0.97');
    }
    expect(spelled('BRAT', true)).toBe('Moss heals.T1\tHerb 0 4\tMoss\n#1\tAnnotatorNotes T1\tconfidence 0.97\n');
    expect(spelled('CoNLL', true)).toBe('Moss\tB-Herb\t0.97\nheals\tO\t_\n.\tO\t_\n\n');
    expect(spelled('PubTator', true)).toBe('1|t|Moss heals.\n1|a|\n1\t0\t4\tMoss\tHerb\t-\n\n');
  });

  it('names files of BRAT so that every file system takes them, and keeps them apart', () => {
    const document = toDocument('x', { text: 'Moss', mentions: [] }, [null]);
    const ids = ['a/b', 'a:b', 'A_B', '../x', '\u0000', 'plain'];
    const paths = writeDocuments(
      'BRAT',
      ids.map((id) => ({ ...document, id })),
    ).map(({ path }) => path);
    expect(paths.filter((path) => path.endsWith('.txt'))).toEqual([
      'a_b.txt',
      'a_b-2.txt',
      'A_B-3.txt',
      '_x.txt',
      '_.txt',
      'plain.txt',
    ]);
  });

  it('takes a long document with thousands of mentions', { timeout: 20_000 }, () => {
    const text = 'Moss 🐦 heals the reed fever. '.repeat(3000);
    const mentions = Array.from({ length: 3000 }, (_, at) => ({ type: 'Herb', start: 30 * at, end: 30 * at + 4 }));
    const document = toDocument('long', { text, mentions }, [0.5]);
    for (const format of annotationFormats) expect(inTokens(written(format, [document]))).toEqual(inTokens([document]));
  });
});
