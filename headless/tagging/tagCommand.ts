// Tags text files and folders of any size with a trained tagger, in one process or several, and goes on where it was ended.
import { readFile, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { DEFAULT_LINKING, Linker, type LinkAnswer } from '../../src/data/dictionary/linker.ts';
import { dictionaryOf } from '../../src/data/dictionary/readDictionary.ts';
import {
  annotationFormats,
  formatsWithIds,
  lostIdsWords,
  type AnnotationFormat,
} from '../../src/data/documents/document.ts';
import type { LocalLab } from '../../src/lab/lab.ts';
import { memory } from '../../src/storage/store.ts';
import { finishWork } from '../../src/util/clock.ts';
import { fingerprint } from '../../src/util/digest.ts';
import { LabError } from '../../src/util/labError.ts';
import type { DroppedFile } from '../../src/util/namedFile.ts';
import {
  command,
  exitCodes,
  exitCodesText,
  interruptedCode,
  type ChildLines,
  type CommandSurroundings,
} from '../commandEnd.ts';
import { commandLab } from '../commandLab.ts';
import type { EventLines } from '../eventLines.ts';
import { lockFolder } from '../folderLock.ts';
import { headlessArguments, machineOptions, parsedOptions, usageError } from '../headlessArguments.ts';
import { filesUnder, unreadableFile } from '../inputFolder.ts';
import { openLab } from '../trainStore.ts';
import { tagFolder, type TaggingPart, type TaggingTally } from './tagFolder.ts';
import { TaggingJournal } from './taggingJournal.ts';
import { TaggingProgress } from './taggingProgress.ts';
import { textUnits } from './textSlices.ts';

const SLICE_MIB = 1;

const usage = `Usage: bioner tag MODEL FILE ... --out DIR [--format NAME] [--jobs N] [--part K/N] [--slice MIB]
                  [--dictionary FILE] [--link-threshold SHARE] [--backend webgpu|wasm|cpu] [--threads N] [--adapter NAME] [--json]

Marks the mentions in text files with a trained tagger. Run the same command again to go on where it was ended: what is in DIR is not tagged twice.
  MODEL          a folder that --export-models or bioner export wrote, or that the page exported
  FILE           plain text or any format that the lab reads, also as .gz; a folder stands for its files, of any number and size
  --out DIR      where the tagged files go, under the names of the files they were made of, and the journal, tagging-1.jsonl
  --format NAME  ${annotationFormats.join(', ')} (BRAT)
  --jobs N       tags in N processes beside one another; without --threads, they share the processor's
  --part K/N     tags the K-th of N parts alone, for N machines with one DIR
  --slice MIB    text of a large file of PubTator or JSON lines that goes into one result, name-000001 and so on (${SLICE_MIB})
  --dictionary FILE  links mentions to the ids of a dictionary (OBO, TSV, CSV, JSON), in formats with a place for them: ${formatsWithIds.join(', ')}
  --link-threshold SHARE  the least score of an id, 0 to 1 (${DEFAULT_LINKING.threshold}); a mention that is a term of several ids gets none
${exitCodesText}`;

export const tagCommand = command(usage, tagFiles);

interface TagArguments {
  readonly model: string;
  readonly inputs: readonly string[];
  readonly out: string;
  readonly format: AnnotationFormat;
  readonly sliceBytes: number;
  readonly dictionary: string | null;
  readonly threshold: number;
  readonly jobs: number;
  /** Null for all. */
  readonly part: TaggingPart | null;
  readonly threads: number | null;
  /** The machine's part of the arguments, which is that of training. */
  readonly machine: readonly string[];
}

/** Throws LabError `headless/usage`. */
function tagArguments(args: readonly string[]): TagArguments {
  const { values, positionals } = parsedOptions(args, {
    out: { type: 'string' },
    format: { type: 'string' },
    jobs: { type: 'string' },
    part: { type: 'string' },
    slice: { type: 'string' },
    dictionary: { type: 'string' },
    'link-threshold': { type: 'string' },
    ...machineOptions,
    json: { type: 'boolean' },
  });
  const [model, ...inputs] = positionals;
  if (model === undefined || inputs.length === 0) {
    throw usageError('Give a model and the text to tag.', 'MODEL FILE ...', positionals.join(' ') || 'none');
  }
  if (values.out === undefined) throw usageError('Give a folder for the tagged files.', '--out DIR', 'none');
  const { backend, threads, adapter } = values;
  const machine = Object.entries({ '--backend': backend, '--threads': threads, '--adapter': adapter }).flatMap(([name, value]) => (value === undefined ? [] : [name, value])); // prettier-ignore
  const jobs = headlessArguments(['tag', '--out', values.out, ...(values.jobs === undefined ? [] : ['--jobs', values.jobs])]).jobs; // prettier-ignore
  if (jobs > 1 && values.part !== undefined) throw usageError('--part is for one process.', '--jobs or --part', 'both');
  return {
    model,
    inputs,
    out: path.resolve(values.out),
    format: formatOf(values.format ?? 'BRAT'),
    sliceBytes: sliceBytesOf(values.slice),
    dictionary: values.dictionary === undefined ? null : path.resolve(values.dictionary),
    threshold: thresholdOf(values['link-threshold']),
    jobs,
    part: values.part === undefined ? null : partOf(values.part),
    threads: threads === undefined ? null : Number(threads),
    machine,
  };
}

function formatOf(name: string): AnnotationFormat {
  const format = annotationFormats.find((one) => one.toLowerCase() === name.toLowerCase());
  if (format === undefined) throw usageError('Unknown format.', annotationFormats.join(', '), name);
  return format;
}

function sliceBytesOf(text: string = String(SLICE_MIB)): number {
  const value = Number(text);
  if (value > 0 && value <= 32) return Math.round(value * 2 ** 20);
  throw usageError('--slice needs a size.', 'mebibytes, more than 0, at most 32', text);
}

function thresholdOf(text: string = String(DEFAULT_LINKING.threshold)): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw usageError('--link-threshold needs a share.', 'a number from 0 to 1', text);
}

function partOf(text: string): TaggingPart {
  const [, part, of] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (part !== undefined && of !== undefined && part >= 1 && part <= of) return { part, of };
  throw usageError('--part needs two numbers.', 'K/N with K from 1 to N, such as 2/8', text);
}

async function tagFiles(
  args: readonly string[],
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const asked = tagArguments(args);
  refuseInside(asked);
  // Parts are of several processes, each with a journal.
  if (asked.part !== null) return tagPart(asked, asked.part, surroundings, lines);
  const lock = await lockFolder(asked.out);
  try {
    return await (asked.jobs > 1
      ? tagBeside(asked, surroundings, lines)
      : tagPart(asked, { part: 1, of: 1 }, surroundings, lines));
  } finally {
    lock.release();
  }
}

/** Throws LabError `headless/usage` where results would be among the texts of the next time. */
function refuseInside({ inputs, out }: TagArguments): void {
  const folder = inputs.find((input) => `${out}${path.sep}`.startsWith(`${path.resolve(input)}${path.sep}`));
  if (folder === undefined) return;
  throw usageError('The results would be among the texts.', 'an --out outside of the folders to tag', out);
}

async function tagPart(
  asked: TagArguments,
  part: TaggingPart,
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const { interrupt, output, errors } = surroundings;
  const { model, out, format, sliceBytes } = asked;
  const parsed = headlessArguments(['tag', '--out', out, ...asked.machine]);
  if (parsed === null) return exitCodes.done;
  const units = await textUnits(asked.inputs);
  // Before the model is read, so that a dictionary that is none is said at once.
  const linking = asked.dictionary === null ? null : await linkingBy(asked.dictionary, asked.threshold);
  if (linking !== null && part.part === 1) errors.write(`${[linking.words, lostIdsWords(format)].filter((line) => line !== null).join('\n')}\n`); // prettier-ignore
  const { lab, client, close } = commandLab(memory(), surroundings, parsed.part);
  let journal: TaggingJournal | null = null;
  try {
    await openLab(lab, parsed, output);
    const { modelIds } = await lab.importFiles(await modelFilesOf(model));
    const tagger = lab.getState().models.find((one) => modelIds.includes(one.id) && one.tagger !== undefined);
    if (tagger === undefined) throw notATagger(model, lab);
    if (interrupt.aborted) return interruptedCode(interrupt);
    const settings = { tagger: tagger.fingerprint, format, sliceBytes, ...(linking !== null && { dictionary: linking.key }) }; // prettier-ignore
    journal = await TaggingJournal.open(out, settings, part.part);
    const progress = new TaggingProgress(output, lines);
    const tally = await tagFolder({
      units,
      part,
      sliceBytes,
      journal,
      format,
      client: client(),
      tagger: { kind: 'model', modelId: tagger.id },
      link: linking?.linkOf(tagger.tagger?.types ?? []) ?? null,
      errors,
      interrupt,
      report: (sofar) => progress.show([sofar]),
    });
    progress.end([tally], out);
    if (interrupt.aborted) return interruptedCode(interrupt);
    return tally.failures > 0 ? exitCodes.failed : exitCodes.done;
  } finally {
    await journal?.close();
    close();
  }
}

/** Tags in processes beside one another, each a part. */
async function tagBeside(asked: TagArguments, surroundings: CommandSurroundings, lines: EventLines): Promise<number> {
  const { output, errors, interrupt, spawn } = surroundings;
  if (spawn === undefined) throw new Error('Parts beside one another need processes.');
  const { jobs } = asked;
  const threads = Math.max(1, Math.floor(availableParallelism() / jobs));
  const words = [asked.model, ...asked.inputs, '--out', asked.out, '--format', asked.format, '--slice', `${asked.sliceBytes / 2 ** 20}`, ...(asked.dictionary === null ? [] : ['--dictionary', asked.dictionary, '--link-threshold', `${asked.threshold}`]), ...asked.machine, ...(asked.threads === null ? ['--threads', `${threads}`] : [])]; // prettier-ignore
  output.write(`${jobs} processes beside one another, ${asked.threads ?? threads} threads each.\n`);
  const progress = new TaggingProgress(output, lines);
  const tallies = new Map<number, TaggingTally>();
  const codes = await Promise.all(
    Array.from({ length: jobs }, (_, index) => index + 1).map((part) => {
      const childLines: ChildLines = {
        output(line) {
          const tally = TaggingProgress.read(line);
          if (tally === null) return;
          tallies.set(part, tally);
          progress.show([...tallies.values()]);
        },
        // All say which backend and dictionary they have.
        errors: (line) => void (part > 1 && /^(Backend|Dictionary): /.test(line) ? null : errors.write(`${line}\n`)),
      };
      return spawn(['tag', ...words, '--part', `${part}/${jobs}`, '--json'], childLines, interrupt);
    }),
  );
  progress.end([...tallies.values()], asked.out);
  const order = [exitCodes.submitAgain, exitCodes.paused, exitCodes.noRoom, exitCodes.wrongInput, exitCodes.failed];
  const known = order.find((code) => codes.includes(code));
  return known ?? (codes.every((code) => code === exitCodes.done) ? exitCodes.done : exitCodes.failed);
}

/** Opens a dictionary for linking. Equal mentions are linked once. Throws LabError `headless/input` and `dictionary/...`. */
async function linkingBy(file: string, threshold: number) {
  const bytes = await readFile(file).catch((cause: unknown): never => {
    throw unreadableFile(file, 'a file of terms', cause);
  });
  const { entries, understood, issues } = dictionaryOf({ path: path.basename(file), bytes: new Uint8Array(bytes) });
  const words = `Dictionary: ${entries.length} entries (${understood})${issues.count > 0 ? `, ${issues.count} problems: bioner dictionary check lists them` : ''}`;
  const linker = finishWork(Linker.build(entries));
  const linkOf = (types: readonly string[]) => {
    const known = new Map<string, LinkAnswer>();
    return (text: string, type: string): LinkAnswer => {
      const key = `${type}\n${text}`;
      const answer = known.get(key) ?? linker.link(text, type, { most: 1, threshold, types });
      if (known.size < MOST_LINKED) known.set(key, answer);
      return answer;
    };
  };
  return { linkOf, words, key: `${fingerprint(new Uint8Array(bytes))} ${threshold}` };
}

/** Links that are remembered. */
const MOST_LINKED = 200_000;

function notATagger(model: string, lab: LocalLab): LabError {
  const said = lab.getState().notices.find(({ severity }) => severity === 'error')?.message;
  return new LabError('headless/input', `The folder ${model} is not a trained tagger.`, {
    expected: 'a folder that the lab exported, with bioner_lab.json',
    got: said ?? 'a model without a tagging head, or none',
  });
}

async function modelFilesOf(location: string): Promise<readonly DroppedFile[]> {
  const found = await stat(location).catch(() => null);
  if (found === null) throw new LabError('headless/input', `There is no ${location}.`, { expected: 'a file or folder', got: 'none' }); // prettier-ignore
  if (found.isDirectory()) return filesUnder(location, path.basename(path.resolve(location)));
  const bytes = async () => new Uint8Array(await readFile(location));
  return [{ path: path.basename(location), sizeBytes: found.size, bytes }];
}
