// Writes annotated documents as BRAT standoff: a text and, beside it, its mentions with offsets in code points.
import type { AnnotatedDocument } from '../annotatedDocument.ts';
import { countCodePoints } from '../characterOffsets.ts';
import { fileNames } from './fileNames.ts';
import { spellConfidence } from './spellConfidence.ts';
import type { WrittenText } from '../annotatedDocument.ts';

/** Two files a document, named after its id. A confidence is a note of the annotator, as BRAT takes no numbers elsewhere. */
export function writeBrat(documents: readonly AnnotatedDocument[], confidences: boolean): WrittenText[] {
  const names = fileNames(documents.map(({ id }) => id));
  return documents.flatMap((document, index) => [
    { path: `${names[index] ?? index}.txt`, text: document.text },
    { path: `${names[index] ?? index}.ann`, text: writeRows(document, confidences) },
  ]);
}

function writeRows({ text, mentions }: AnnotatedDocument, confidences: boolean): string {
  const placeOf = countCodePoints(text);
  return mentions
    .map(({ type, start, end, confidence }, index) => {
      // BRAT breaks a mention where a line ends.
      const lines = [...text.slice(start, end).matchAll(/[^\r\n]*\S[^\r\n]*/g)];
      const fragments = lines.map((line) => {
        const from = start + line.index;
        return `${placeOf(from)} ${placeOf(from + line[0].length)}`;
      });
      const spelled = lines.map(([line]) => line).join(' ');
      const row = `T${index + 1}\t${type.replace(/\s+/g, '_')} ${fragments.join(';')}\t${spelled}\n`;
      if (confidence === null || !confidences) return row;
      return `${row}#${index + 1}\tAnnotatorNotes T${index + 1}\tconfidence ${spellConfidence(confidence)}\n`;
    })
    .join('');
}
