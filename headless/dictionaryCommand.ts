// Checks files of terms, and marks their terms in text as a corpus to train on.
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEFAULT_RULES, type TermRules } from '../src/data/dictionary/termForms.ts';
import { annotationFormats } from '../src/data/documents/document.ts';
import type { TermsSource } from '../src/lab/dictionaries/storedDictionary.ts';
import type { LocalLab } from '../src/lab/lab.ts';
import { describeCorpus } from '../src/lab/library/corpora.ts';
import type { CorpusRecord, DictionaryRecord, SilverProvenance } from '../src/schema/corpusRecord.ts';
import { memory } from '../src/storage/store.ts';
import { LabError } from '../src/util/labError.ts';
import { fileInMemory, type DroppedFile } from '../src/util/namedFile.ts';
import type { SilverDivision } from '../src/wire/readingProtocol.ts';
import { command, exitCodes, exitCodesText, interruptedCode, type CommandSurroundings } from './commandEnd.ts';
import { cancelledBy, commandLab } from './commandLab.ts';
import type { EventLines } from './eventLines.ts';
import { parsedOptions, usageError, wholeNumber } from './headlessArguments.ts';
import { filesUnder, inputFolder, unreadableFile } from './inputFolder.ts';

const RULES = { plurals: 'plurals', joins: 'joins', greek: 'greek', 'common-words': 'commonWords' } as const;

const usage = `Usage: bioner dictionary check FILE [--json]
       bioner dictionary annotate FILE (--corpus NAME [--corpora DIR] | --texts PATH) --out DIR [--name NAME] [--type NAME]
                  [--splits own|divided|train] [--seed N] [--annotated-test] [--symbol-length N] [--without RULE ...]
                  [--format NAME] [--json]

check says how a file of terms was understood, and lists what cannot be read of it. annotate marks its terms in text, the longest first, as a
corpus DIR/NAME: give DIR as --corpora to bioner train. bioner tag --dictionary FILE links mentions to its ids.
  FILE               OBO, TSV or CSV (a header that names id, name, synonyms and type, or id and term), JSON or JSON lines, also as .gz
                     several synonyms in a cell are separated by |
  --corpus NAME      the sentences of this corpus, without its annotation
  --corpora DIR      where it is, in a folder of its name (built-in corpora need none)
  --texts PATH       text in any format that the lab reads; a folder stands for its files
  --name NAME        of the corpus (that of the text and -terms)
  --type NAME        gives all terms this type
  --splits HOW       own: as the corpus is divided (where it is one); divided: a tenth each for devel and test by --seed (1); train
  --annotated-test   leaves the annotation that the test sentences of the corpus came with, to test on
  --symbol-length N  capitals count in terms of up to N letters and digits that have some after the first place (${DEFAULT_RULES.symbolLength})
  --without RULE     ${Object.keys(RULES).join(', ')}: differences in it count, or common words are marked; repeat it for several
  --format NAME      ${annotationFormats.join(', ')} (CoNLL)
What is ambiguous is in DIR/NAME.terms.json: terms of several ids are marked without one, terms of several types are not marked.
${exitCodesText}`; // prettier-ignore

export const dictionaryCommand = command(usage, run);

function options(args: readonly string[]) {
  return parsedOptions(args, {
    corpus: { type: 'string' },
    corpora: { type: 'string' },
    texts: { type: 'string' },
    out: { type: 'string' },
    name: { type: 'string' },
    type: { type: 'string' },
    splits: { type: 'string' },
    seed: { type: 'string' },
    'annotated-test': { type: 'boolean' },
    'symbol-length': { type: 'string' },
    without: { type: 'string', multiple: true },
    format: { type: 'string' },
    json: { type: 'boolean' },
  });
}
type Options = ReturnType<typeof options>['values'];

async function run(args: readonly string[], surroundings: CommandSurroundings, lines: EventLines): Promise<number> {
  const { output, errors, interrupt } = surroundings;
  const { values, positionals } = options(args);
  const [what, file, ...rest] = positionals;
  if ((what !== 'check' && what !== 'annotate') || file === undefined || rest.length > 0) {
    throw usageError('Give check or annotate, and one file of terms.', 'check FILE or annotate FILE', positionals.join(' ') || 'nothing'); // prettier-ignore
  }
  const { lab, close } = commandLab(memory(), surroundings);
  try {
    await lab.open('cpu');
    const dictionary = await cancelledBy(interrupt, lab, () => openedDictionary(lab, file));
    if (dictionary === null) return interruptedCode(interrupt);
    for (const { severity, line, message } of dictionary.issues) {
      errors.write(`${file}${line === null ? '' : `:${line}`}: ${severity}: ${message}\n`);
    }
    output.write(`${dictionaryWords(dictionary)}\n`);
    const { issues: _, ...known } = dictionary;
    lines.write({ event: 'dictionary', ...known });
    if (what === 'check') return exitCodes.done;
    return await annotate(lab, dictionary, values, surroundings, lines);
  } finally {
    close();
  }
}

/** Reads a file of terms into a lab; null when interrupted. */
async function openedDictionary(lab: LocalLab, file: string): Promise<DictionaryRecord | null> {
  const bytes = await readFile(file).catch((cause: unknown): never => {
    throw unreadableFile(file, 'a file of terms', cause);
  });
  const [id] = await lab.dictionaries.add([fileInMemory({ path: path.basename(file), bytes: new Uint8Array(bytes) })]);
  const { dictionaries, notices } = lab.getState();
  const record = dictionaries.find((one) => one.id === id);
  if (record !== undefined) return record;
  const refused = notices.findLast(({ severity }) => severity === 'error');
  if (refused === undefined) return null;
  throw new LabError('headless/input', refused.message);
}

async function annotate(
  lab: LocalLab,
  dictionary: DictionaryRecord,
  values: Options,
  { output, interrupt }: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const { out } = values;
  if (out === undefined) throw usageError('Give a folder for the corpus.', '--out DIR', 'none');
  const format = annotationFormats.find((one) => one.toLowerCase() === (values.format ?? 'CoNLL').toLowerCase());
  if (format === undefined) throw usageError('Unknown format.', annotationFormats.join(', '), values.format ?? '');
  const { source, from } = await sourceOf(lab, values);
  const name = values.name ?? `${from}-terms`;
  if (path.basename(name) !== name || name === '..') throw usageError('--name is the name of a folder.', 'a name without /', name); // prettier-ignore
  const division = divisionOf(values, source);
  const request = { dictionaryId: dictionary.id, source, name, rules: rulesOf(values), type: values.type ?? null, division }; // prettier-ignore
  const id = await cancelledBy(interrupt, lab, () => lab.dictionaries.markTerms(request));
  const record = lab.getState().corpora.find((corpus) => corpus.id === id);
  if (record?.silver === undefined) {
    if (interrupt.aborted) return interruptedCode(interrupt);
    throw new LabError('headless/input', 'No term was marked: the corpus would be the one that it is made of.', { expected: 'a term of the dictionary in the text', got: 'none' }); // prettier-ignore
  }
  const folder = path.join(path.resolve(out), name);
  await clearEarlier(folder);
  for (const file of await lab.exportCorpus(record.id, format)) {
    const target = path.join(folder, file.path);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, file.bytes);
  }
  await writeFile(termsFile(folder), `${JSON.stringify(record.silver, null, 2)}\n`);
  output.write(`${describeCorpus(record)}\n${silverWords(record, record.silver)}\nCorpus: ${folder}\n`);
  lines.write({ event: 'corpus', folder, id: record.id, fingerprint: record.fingerprint, counts: record.counts });
  return exitCodes.done;
}

/** Removes a corpus that an earlier command made, whose splits and formats may be others. Throws LabError `headless/input` where the folder holds anything else. */
async function clearEarlier(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return;
  if ((await stat(termsFile(folder)).catch(() => null)) === null) {
    throw new LabError('headless/input', `${folder} holds something else, which the corpus would be mixed with.`, { expected: 'another --name or --out', got: names.slice(0, 5).join(', ') }); // prettier-ignore
  }
  await rm(folder, { recursive: true });
}

/** Where a corpus of terms comes from is written beside it. */
const termsFile = (folder: string): string => `${folder}.terms.json`;

async function sourceOf(
  lab: LocalLab,
  { corpus, corpora, texts }: Options,
): Promise<{ readonly source: TermsSource; readonly from: string }> {
  if ((corpus === undefined) === (texts === undefined)) {
    throw usageError('Name a corpus, or a file or folder of texts.', '--corpus NAME or --texts PATH', corpus === undefined ? 'neither' : 'both'); // prettier-ignore
  }
  if (corpus !== undefined) {
    const { corpusIds } = await lab.importFiles(await inputFolder('corpora', corpus, corpora ?? null));
    const [corpusId] = corpusIds;
    if (corpusId !== undefined) return { source: { kind: 'corpus', corpusId }, from: corpus };
    const said = lab.getState().notices.findLast(({ severity }) => severity === 'error')?.message;
    throw new LabError('headless/input', `No corpus was read from ${corpus}.`, { expected: 'a folder of corpus files', got: said ?? 'none' }); // prettier-ignore
  }
  const location = path.resolve(texts ?? '');
  const found = await stat(location).catch(() => null);
  if (found === null) throw new LabError('headless/input', `There is no ${texts ?? ''}.`, { expected: 'a file or folder of texts', got: 'none' }); // prettier-ignore
  const base = path.basename(location);
  const read = async () => new Uint8Array(await readFile(location));
  const files: readonly DroppedFile[] = found.isDirectory() ? await filesUnder(location, base) : [{ path: base, sizeBytes: found.size, bytes: read }]; // prettier-ignore
  return { source: { kind: 'files', files }, from: base.replace(/\.[a-z]+$/i, '') };
}

function divisionOf({ splits, seed, 'annotated-test': annotated }: Options, { kind }: TermsSource): SilverDivision {
  const wanted = splits ?? (kind === 'corpus' ? 'own' : 'divided');
  if (wanted === 'own' && kind !== 'corpus') throw usageError('Texts are not divided yet.', '--splits divided or train', 'own'); // prettier-ignore
  if (annotated === true && wanted !== 'own') throw usageError('--annotated-test is for the splits of a corpus.', '--splits own', wanted); // prettier-ignore
  if (wanted === 'own') return { kind: 'own', test: annotated === true ? 'annotated' : 'terms' };
  if (wanted === 'train') return { kind: 'train' };
  if (wanted !== 'divided') throw usageError('No such way to divide.', 'own, divided or train', wanted);
  return { kind: 'divided', seed: wholeNumber('seed', seed, 1, 0, 2 ** 32 - 1) };
}

function rulesOf({ without = [], 'symbol-length': length }: Options): TermRules {
  const symbolLength = wholeNumber('symbol-length', length, DEFAULT_RULES.symbolLength, 0, 20);
  const off = without.map((name) => {
    if (!Object.hasOwn(RULES, name)) throw usageError('There is no such rule.', Object.keys(RULES).join(', '), name);
    return [RULES[name as keyof typeof RULES], false] as const;
  });
  return { ...DEFAULT_RULES, symbolLength, ...Object.fromEntries(off) };
}

/** What was read, in a few lines. */
export function dictionaryWords({
  name,
  format,
  understood,
  entries,
  terms,
  types,
  obsolete,
  issueCount,
}: DictionaryRecord): string {
  const named = Object.entries(types).slice(0, 6).map(([type, count]) => `${type} ${count}`); // prettier-ignore
  const more = Object.keys(types).length > 6 ? ' …' : '';
  return [
    `${name}: ${format}, ${understood}`,
    `${entries} entries with ${terms} terms${obsolete > 0 ? `, ${obsolete} obsolete ones left out` : ''}`,
    named.length === 0 ? 'No types.' : `Types: ${named.join(', ')}${more}`,
    ...(issueCount > 0 ? [`${issueCount} problems`] : []),
  ].join('\n');
}

function silverWords(
  { counts }: CorpusRecord,
  { withoutId, unmarked, ambiguous, ambiguousCount, leftOut, leftOutCount, hasAnnotatedTest }: SilverProvenance,
): string {
  const marked = counts.train.mentions + counts.devel.mentions + (hasAnnotatedTest ? 0 : counts.test.mentions);
  const some = (list: readonly string[], count: number): string =>
    `${list.slice(0, 5).join(', ')}${count > 5 ? ' …' : ''}`;
  return [
    `${marked} mentions marked, ${withoutId} of them terms of several ids; ${unmarked} occurrences of terms of several types are not marked.`,
    ...(ambiguousCount > 0 ? [`${ambiguousCount} ambiguous terms in the text: ${some(ambiguous.map(({ term }) => term), ambiguousCount)}`] : []), // prettier-ignore
    ...(leftOutCount > 0 ? [`${leftOutCount} terms are common words or too short, and were not looked for: ${some(leftOut.map(({ term }) => term), leftOutCount)}`] : []), // prettier-ignore
    ...(hasAnnotatedTest ? ['The test sentences have the annotation that the corpus came with.'] : []),
  ].join('\n');
}
