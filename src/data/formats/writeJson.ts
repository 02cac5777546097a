// Writes annotated documents as JSON for doccano, spaCy, Label Studio and Hugging Face.
import { mentionsToTags, tagOfType } from '../corpus/tagScheme.ts';
import { fittingCounting, plausibleCountings } from '../documents/countings.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../documents/document.ts';
import { sentencesOfDocument, tokenMentions } from '../documents/documentSentences.ts';
import { countCodePoints } from '../documents/offsets.ts';
import { idNote, ownModel } from './labelStudio.ts';
import { codePointName, unitKey } from './spanItem.ts';
import { idColumn } from './tokenItem.ts';
import { roundConfidence } from '../rows/spellConfidence.ts';

/** The tool whose JSON is written. */
export type JsonFlavour = 'doccano' | 'spaCy' | 'Label Studio' | 'Hugging Face';

/** Writes all documents; Label Studio gets one array, the others one item per line. */
export function writeJson(flavour: JsonFlavour, documents: readonly AnnotatedDocument[], confidences: boolean): string {
  switch (flavour) {
    case 'doccano':
      return writeDoccano(documents);
    case 'spaCy':
      return writeSpacy(documents, confidences);
    case 'Label Studio':
      return writeLabelStudio(documents, confidences);
    case 'Hugging Face':
      return writeHuggingFace(documents, confidences);
  }
}

/** One line per document: `{"id", "text", "label": [[start, end, type]]}`, in code points. It has no field for confidences. */
function writeDoccano(documents: readonly AnnotatedDocument[]): string {
  return jsonLines(
    documents.map((document) => ({
      id: document.id,
      text: document.text,
      label: inCodePoints(document).map(({ start, end, type }) => [start, end, type]),
      ...unitOf(document),
    })),
  );
}

/** One line per document: `{"id", "text", "ents": [{"start", "end", "label", "kb_id"}]}`, in code points, with the names of `Doc.to_json`. */
function writeSpacy(documents: readonly AnnotatedDocument[], confidences: boolean): string {
  return jsonLines(
    documents.map((document) => ({
      id: document.id,
      text: document.text,
      ents: inCodePoints(document).map(({ start, end, type, confidence, link }) => ({
        start,
        end,
        label: type,
        ...(link !== undefined && { kb_id: link.id }),
        ...(confidences ? scoreOf(confidence) : {}),
      })),
      ...unitOf(document),
    })),
  );
}

/** Tasks with one prediction each, for import; offsets in UTF-16 units, as its editor counts. */
function writeLabelStudio(documents: readonly AnnotatedDocument[], confidences: boolean): string {
  const tasks = documents.map(({ id, text, mentions }) => {
    const sure = mentions.flatMap(({ confidence }) => confidence ?? []);
    const mean = sure.length === 0 ? null : sure.reduce((sum, one) => sum + one, 0) / sure.length;
    return {
      data: { id, text },
      predictions: [
        {
          model_version: ownModel,
          ...(confidences ? scoreOf(mean) : {}),
          result: mentions.map(({ type, start, end, confidence, link }, index) => ({
            id: `m${index + 1}`,
            from_name: 'label',
            to_name: 'text',
            type: 'labels',
            ...(confidences ? scoreOf(confidence) : {}),
            ...(link !== undefined && { meta: { text: [`${idNote}${link.id}`] } }),
            value: { start, end, text: text.slice(start, end), labels: [type] },
          })),
        },
      ],
    };
  });
  return `${JSON.stringify(tasks, null, 1)}\n`;
}

/** One line per sentence: `{"id", "tokens", "ner_tags"}` with IOB2 tags, and a confidence or null for each token; `identifiers` likewise where there are ids. */
function writeHuggingFace(documents: readonly AnnotatedDocument[], confidences: boolean): string {
  const rows = documents.flatMap((document) => {
    const mentions = tokenMentions(document);
    return sentencesOfDocument(document).map(({ tokens }, at) => {
      const own = mentions[at] ?? [];
      const scores = new Array<number | null>(tokens.length).fill(null);
      const ids = new Array<string | null>(tokens.length).fill(null);
      for (const { start, end, confidence, link } of own) {
        if (link !== undefined) ids.fill(link.id, start, end);
        if (confidence !== null) scores.fill(roundConfidence(confidence), start, end);
      }
      return {
        id: document.sentences.length === 1 ? document.id : `${document.id}-${at + 1}`,
        tokens,
        ner_tags: mentionsToTags(own, tokens.length, 'IOB2').map(tagOfType),
        ...(confidences ? { confidences: scores } : {}),
        ...(own.some(({ link }) => link !== undefined) && { [idColumn]: ids }),
      };
    });
  });
  return jsonLines(rows);
}

/** Says how offsets count where a reader without the texts of mentions would take them for offsets in another unit. */
function unitOf(document: AnnotatedDocument): { readonly [unitKey]?: string } {
  const countings = plausibleCountings(document.text);
  const written = inCodePoints(document).map(({ type, start, end }) => ({ type, fragments: [{ start, end }], text: null, line: null })); // prettier-ignore
  return fittingCounting(document.text, written, countings) === countings[0] ? {} : { [unitKey]: codePointName };
}

function inCodePoints({ text, mentions }: AnnotatedDocument): AnnotatedMention[] {
  const placeOf = countCodePoints(text);
  return mentions.map((mention) => ({ ...mention, start: placeOf(mention.start), end: placeOf(mention.end) }));
}

function scoreOf(confidence: number | null): { readonly score?: number } {
  return confidence === null ? {} : { score: roundConfidence(confidence) };
}

function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
