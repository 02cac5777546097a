// Proves that the ids of mentions survive writing and reading in every format that has a place for them.
import { describe, expect, it } from 'vitest';
import type { AnnotatedDocument, AnnotationFormat } from '../../../../src/data/documents/document.ts';
import { documentOfText, sentencesOfDocument } from '../../../../src/data/documents/documentSentences.ts';
import { writeDocuments } from '../../../../src/data/formats/writeDocuments.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';
import { documentsOfSplit } from '../../../../src/lab/tagging/predictions.ts';

const TEXT = 'Aspirin relieves αβ pain 😀 in asthma. Patients had measles.';
const IDS = ['MESH:D001241', 'plain id 50%', 'D1|D2', null];

function linkedDocument(): AnnotatedDocument {
  const words = ['Aspirin', 'pain', 'asthma', 'measles'];
  const mentions = words.map((word, index) => {
    const start = TEXT.indexOf(word);
    const id = IDS[index] ?? null;
    return { type: 'Thing', start, end: start + word.length, confidence: 0.5, ...(id !== null && { link: { id } }) };
  });
  return { ...documentOfText('doc', TEXT), mentions };
}

describe('ids', () => {
  const formats: readonly AnnotationFormat[] = [
    'BRAT',
    'PubTator',
    'BioC XML',
    'BioC JSON',
    'spaCy',
    'Label Studio',
    'Hugging Face',
  ];
  it.each(formats)('survive %s', (format) => {
    const { documents, issues } = readDocuments(writeDocuments(format, [linkedDocument()], { name: 'a' }));
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    const ids = documents.flatMap(({ mentions }) => mentions.map(({ link }) => link?.id ?? null));
    expect(ids).toEqual(IDS);
  });

  it('survive a corpus, which has sentences of tokens', () => {
    const document = linkedDocument();
    const [again] = documentsOfSplit('a', sentencesOfDocument(document), [document]);
    expect(again?.mentions.map(({ link }) => link?.id ?? null)).toEqual(IDS);
  });

  it('add nothing to files of mentions without ids', () => {
    const document = linkedDocument();
    const bare = { ...document, mentions: document.mentions.map(({ link: _, ...mention }) => mention) };
    for (const format of formats) {
      const text = new TextDecoder().decode(writeDocuments(format, [bare], { name: 'a' }).at(-1)?.bytes);
      expect(text).not.toMatch(/identifier|Reference|kb_id/);
    }
  });
});
