// Makes documents of what BioC says, whether it came as XML or as JSON.
import { annotateDocument } from '../annotateDocument.ts';
import type { AnnotatedDocument } from '../annotatedDocument.ts';
import { byteOffsets, codePointOffsets, codeUnitOffsets, type CharacterOffsets } from '../characterOffsets.ts';
import type { CorpusDocument, Span } from '../corpusDocument.ts';
import { fittingOffsets, type OffsetSystem } from '../fittingOffsets.ts';
import type { IssueList } from '../issueList.ts';
import { placeMentions, type WrittenMention } from '../placeMentions.ts';

/** A stretch of text and the offset at which the document has it, in whatever unit its tool counts. */
export interface BiocText {
  readonly offset: number;
  readonly text: string;
}

export interface BiocPassage {
  readonly offset: number;
  /** Null where the text is in the sentences. */
  readonly text: string | null;
  readonly sentences: readonly BiocText[];
  /** Of the passage and of its sentences; offsets run through the document. */
  readonly annotations: readonly WrittenMention[];
}

export interface BiocDocument {
  readonly id: string;
  readonly passages: readonly BiocPassage[];
}

/** Longer gaps between passages are one line feed: they come from another unit, or to fill memory. */
const longestGap = 1000;

/**
 * The document with passages where its offsets say, a line feed and spaces in the gaps. BioC's specification counts bytes, its
 * tools count characters, and some count from the start of the passage: what explains the texts of most annotations of a
 * passage is believed, code points first.
 */
export function documentOfBioc({ id, passages }: BiocDocument, issues: IssueList): AnnotatedDocument {
  const { text, placed } = layOut(passages);
  const parts: number[] = [];
  const mentions: CorpusDocument['mentions'][number][] = [];
  const faults: Span[] = [];
  for (const { passage, starts, start, end } of placed) {
    for (const begin of starts) parts.push(begin);
    const inner = text.slice(start, end);
    const first = passage.text === null ? (passage.sentences[0]?.offset ?? passage.offset) : passage.offset;
    const shifted = (system: OffsetSystem, by: number) => (): CharacterOffsets => {
      const offsetsOf = system(inner);
      return (offset) => {
        const unit = offsetsOf(offset - by);
        return unit === null ? null : start + unit;
      };
    };
    const systems = [first, 0].flatMap((by) =>
      [codePointOffsets, codeUnitOffsets, byteOffsets].map((system) => shifted(system, by)),
    );
    const offsets = fittingOffsets(text, passage.annotations, [shifted(codePointOffsets, first), ...systems.slice(1)]);
    const found = placeMentions(text, offsets, passage.annotations, issues);
    for (const mention of found.mentions) mentions.push(mention);
    for (const fault of found.faults) faults.push(fault);
  }
  return annotateDocument(id, { text, parts, mentions, faults }, issues);
}

interface PlacedPassage extends Span {
  readonly passage: BiocPassage;
  /** Where the passage and its sentences begin in the text. */
  readonly starts: readonly number[];
}

function layOut(passages: readonly BiocPassage[]): {
  readonly text: string;
  readonly placed: readonly PlacedPassage[];
} {
  const pieces: string[] = [];
  let length = 0;
  /** The offset at which the next stretch would follow without a gap. */
  let next: number | null = null;
  const placed = passages.map((passage): PlacedPassage => {
    const stretches: readonly BiocText[] =
      passage.text === null ? passage.sentences : [{ offset: passage.offset, text: passage.text }];
    const starts = stretches.map(({ offset, text }) => {
      const gap = next === null ? '' : gapOf(offset - next);
      pieces.push(gap, text);
      const start = length + gap.length;
      length = start + text.length;
      next = offset + countOf(text);
      return start;
    });
    const inside = passage.text === null ? [] : sentenceStarts(passage, starts[0] ?? 0);
    return { passage, starts: [...starts, ...inside], start: starts[0] ?? length, end: length };
  });
  return { text: pieces.join(''), placed };
}

function gapOf(size: number): string {
  return size >= 0 && size <= longestGap ? `${size > 0 ? '\n' : ''}${' '.repeat(Math.max(0, size - 1))}` : '\n';
}

/** Where sentences begin that are given beside the text of their passage. */
function sentenceStarts({ offset, text, sentences }: BiocPassage, start: number): number[] {
  const offsetsOf = codePointOffsets(text ?? '');
  return sentences.flatMap((sentence) => {
    const unit = offsetsOf(sentence.offset - offset);
    return unit === null || !(text ?? '').startsWith(sentence.text, unit) ? [] : [start + unit];
  });
}

function countOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
