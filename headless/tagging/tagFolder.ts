// Tags slice after slice in this process: the next ones are read, and the last ones written, while a machine tags.
import path from 'node:path';
import { linkDocuments, type LinkAnswer } from '../../src/data/dictionary/linker.ts';
import type { AnnotatedDocument, AnnotationFormat } from '../../src/data/documents/document.ts';
import { writeDocuments } from '../../src/data/formats/writeDocuments.ts';
import { taggedDocuments } from '../../src/lab/tagging/tagging.ts';
import { LabError } from '../../src/util/labError.ts';
import type { NamedFile } from '../../src/util/namedFile.ts';
import type { ServerClient, TaggerRef } from '../../src/wire/trainingProtocol.ts';
import type { TextOutput } from '../progressReport.ts';
import type { TaggingJournal } from './taggingJournal.ts';
import { slicesOf, unitKey, type TextSlice, type TextUnit } from './textSlices.ts';

/** Enough that batches of every length are full, few enough that little is lost when the process is killed. */
const SENTENCES_A_BLOCK = 1024;
/** A block of small files is one call. */
const SENTENCES_A_CALL = 2048;
/** Problems of one slice that are printed. */
const PRINTED_ISSUES = 10;
/** Bytes of text in a byte of gzip. */
const PACKED = 4;

/** One of several processes that tag the same files, from 1. */
export interface TaggingPart {
  readonly part: number;
  readonly of: number;
}

/** What was done so far. */
export interface TaggingTally {
  documents: number;
  mentions: number;
  /** Of these documents, those that an earlier command wrote. */
  earlier: number;
  /** Bytes of the inputs up to what is written last. */
  doneBytes: number;
  /** Bytes of the inputs of this part, those of files that it shares with others included. */
  readonly ofBytes: number;
  /** Files that could not be read to their end. */
  failures: number;
}

interface FolderTagging {
  readonly units: readonly TextUnit[];
  readonly part: TaggingPart;
  readonly sliceBytes: number;
  readonly journal: TaggingJournal;
  readonly format: AnnotationFormat;
  readonly client: ServerClient;
  readonly tagger: TaggerRef;
  /** Links mentions to ids; null for none. */
  readonly link: ((text: string, type: string) => LinkAnswer) | null;
  readonly errors: TextOutput;
  readonly interrupt: AbortSignal;
  /** Called after each block, and while nothing is tagged because it was before. */
  readonly report: (tally: TaggingTally) => void;
}

interface ReadSlice {
  readonly unit: TextUnit;
  readonly slice: TextSlice;
  readonly documents: readonly AnnotatedDocument[];
  /** Bytes of the inputs up to its end. */
  readonly doneBytes: number;
}

/** Ids of the calls of this process. */
const CALL = 'tagging-files';

/** Tags what the journal does not have. Ends early when `interrupt` is aborted; what is written stays. */
export async function tagFolder(tagging: FolderTagging): Promise<TaggingTally> {
  const { client, interrupt, report } = tagging;
  const own = [...tagging.units.entries()].filter(
    ([index, unit]) => isShared(unit, tagging) || isOfPart(index, tagging.part),
  );
  const ofBytes = own.reduce((sum, [, { sizeBytes }]) => sum + sizeBytes, 0);
  const tally: TaggingTally = { documents: 0, mentions: 0, earlier: 0, doneBytes: 0, ofBytes, failures: 0 };
  const inputs = new Set(tagging.units.flatMap(({ files }) => files.map(({ location }) => location)));
  const stop = (): void => void client.call('interrupt', { runId: CALL, how: 'stop' }).catch(() => undefined);
  interrupt.addEventListener('abort', stop, { once: true });
  const blocks = blocksOf(readSlices(own, tagging, tally));
  let writing: Promise<void> = Promise.resolve();
  try {
    let next = blocks.next();
    while (!interrupt.aborted) {
      const { value: block, done } = await next;
      if (done === true) break;
      next = blocks.next();
      next.catch(() => undefined);
      const found = await taggedBlock(block, tagging);
      await writing;
      if (found === null) break;
      writing = writeBlock(block, found, tagging, inputs, tally).then(() => report(tally));
      writing.catch(() => undefined);
    }
    await writing;
    if (!interrupt.aborted) tally.doneBytes = ofBytes;
    return tally;
  } finally {
    interrupt.removeEventListener('abort', stop);
    await blocks.return();
  }
}

/** Whether the slices of a unit are dealt out to the parts: it has several, as far as its size tells. To read it in each part costs little beside tagging. */
function isShared({ path: name, sizeBytes }: TextUnit, { sliceBytes }: Pick<FolderTagging, 'sliceBytes'>): boolean {
  return sizeBytes * (/\.gz$/i.test(name) ? PACKED : 1) > sliceBytes;
}

/** Deals out in turns. */
function isOfPart(index: number, { part, of }: TaggingPart): boolean {
  return index % of === part - 1;
}

async function* readSlices(
  units: readonly (readonly [index: number, unit: TextUnit])[],
  tagging: FolderTagging,
  tally: TaggingTally,
): AsyncGenerator<ReadSlice, void> {
  const { journal, part, sliceBytes, errors, interrupt, report } = tagging;
  let before = 0;
  for (const [index, unit] of units) {
    const key = unitKey(unit);
    try {
      for await (const slice of slicesOf(unit, sliceBytes)) {
        if (interrupt.aborted) return;
        const doneBytes = before + slice.doneBytes;
        // Beginning with another part for each unit, so that units of a single slice are not all of one part.
        if (isShared(unit, tagging) && !isOfPart(index + slice.number, part)) continue;
        const known = await journal.find({ unit: key, number: slice.number });
        if (known !== null) {
          tally.documents += known.documents;
          tally.mentions += known.mentions;
          tally.earlier += known.documents;
          tally.doneBytes = Math.max(tally.doneBytes, doneBytes);
          report(tally);
          continue;
        }
        const { documents, issues, issueCount } = await slice.read();
        for (const { file, line, message } of issues.slice(0, PRINTED_ISSUES)) {
          errors.write(`${file}${line === null ? '' : `:${line}`}: ${message}\n`);
        }
        if (issueCount > PRINTED_ISSUES) errors.write(`${unit.path}: and ${issueCount - PRINTED_ISSUES} more\n`);
        // Not in the journal: the next command says it again.
        if (documents.length === 0 && issues.some(({ severity }) => severity === 'error')) {
          tally.failures++;
          continue;
        }
        yield { unit, slice, doneBytes, documents: documents.filter(({ sentences }) => sentences.length > 0) };
      }
    } catch (error) {
      // The other files are tagged nevertheless.
      if (!(error instanceof LabError)) throw error;
      tally.failures++;
      errors.write(`${LabError.describe(LabError.toData(error))}\n`);
    }
    before += unit.sizeBytes;
  }
}

async function* blocksOf(slices: AsyncIterable<ReadSlice>): AsyncGenerator<readonly ReadSlice[], void> {
  let block: ReadSlice[] = [];
  let size = 0;
  for await (const slice of slices) {
    block.push(slice);
    size += slice.documents.reduce((sum, { sentences }) => sum + sentences.length, 0);
    if (size < SENTENCES_A_BLOCK) continue;
    yield block;
    block = [];
    size = 0;
  }
  if (block.length > 0) yield block;
}

/** Null when interrupted. */
async function taggedBlock(
  block: readonly ReadSlice[],
  { client, tagger, interrupt }: FolderTagging,
): Promise<readonly AnnotatedDocument[] | null> {
  const documents = block.flatMap((slice) => slice.documents);
  const found: AnnotatedDocument[] = [];
  const asked = { id: CALL, tagger };
  for await (const complete of taggedDocuments(
    client,
    asked,
    documents,
    interrupt,
    () => undefined,
    SENTENCES_A_CALL,
  )) {
    for (const document of complete) found.push(document);
  }
  return found.length === documents.length ? found : null;
}

async function writeBlock(
  block: readonly ReadSlice[],
  found: readonly AnnotatedDocument[],
  { journal, format, link }: FolderTagging,
  inputs: ReadonlySet<string>,
  tally: TaggingTally,
): Promise<void> {
  let from = 0;
  for (const { unit, slice, documents: read, doneBytes } of block) {
    const tagged = found.slice(from, from + read.length);
    const documents = link === null ? tagged : linkDocuments(tagged, link);
    from += read.length;
    const mentions = documents.reduce((sum, document) => sum + document.mentions.length, 0);
    const files = documents.length === 0 ? [] : filesOfSlice(slice, documents, format);
    for (const file of files) refuseInput(journal.placeOf(file), inputs);
    await journal.write({ unit: unitKey(unit), number: slice.number, documents: documents.length, mentions }, files);
    tally.documents += documents.length;
    tally.mentions += mentions;
    tally.doneBytes = Math.max(tally.doneBytes, doneBytes);
  }
}

/** In the folder that the input was in; documents of BRAT, which has two files for each, in one named after their file, unless they have its name. */
function filesOfSlice(
  { name }: TextSlice,
  documents: readonly AnnotatedDocument[],
  format: AnnotationFormat,
): readonly NamedFile[] {
  const base = path.posix.basename(name);
  const [first, ...others] = documents;
  const isOwnName = others.length === 0 && first?.id === base;
  const folder = format === 'BRAT' && !isOwnName ? name : path.posix.dirname(name);
  return writeDocuments(format, documents, { name: base }).map(({ path: file, bytes }) => ({
    path: path.posix.join(folder, file),
    bytes,
  }));
}

function refuseInput(target: string, inputs: ReadonlySet<string>): void {
  if (!inputs.has(target)) return;
  throw new LabError('headless/input', 'A result would replace the file that it was made of.', {
    expected: 'another --out',
    got: target,
  });
}
