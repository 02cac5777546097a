// Makes a network of words from corpora and a file of vectors, as a model folder for training.
import { openAsBlob } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  baselineForms,
  BASELINES,
  languageText,
  MOST_LANGUAGE,
  type BaselineName,
  type LanguageChoice,
} from '../src/data/words/baselines.ts';
import type { LocalLab } from '../src/lab/lab.ts';
import { FIRST_WORDS, MOST_FIRST_WORDS } from '../src/lab/library/suggestedModels.ts';
import { readModelFile } from '../src/storage/modelRecords.ts';
import { memory } from '../src/storage/store.ts';
import { LabError } from '../src/util/labError.ts';
import type { BaselineMade, VectorsFile } from '../src/wire/trainingProtocol.ts';
import { command, exitCodes, exitCodesText, interruptedCode, type CommandSurroundings } from './commandEnd.ts';
import { cancelledBy, commandLab } from './commandLab.ts';
import type { EventLines } from './eventLines.ts';
import { parsedOptions, usageError, wholeNumber } from './headlessArguments.ts';
import { inputFolder, unreadableFile } from './inputFolder.ts';

const LANGUAGE = baselineForms.hunflair.language ?? { hidden: 0, epochs: 0 };

const usage = `Usage: bioner baseline NETWORK --corpus NAME ... --out DIR [--corpora DIR] [--vectors FILE] [--first-words N] [--name NAME] [--json]
       bioner baseline hunflair ... [--character-size N] [--character-epochs N] | [--characters FORWARD.pt --characters BACKWARD.pt]

Makes a network of words to train from nothing, as DIR/NAME: give DIR as --models to bioner train.
  NETWORK          ${BASELINES.map((name) => `${name}: ${baselineForms[name].label}`).join('\n                   ')}
  --corpus NAME    a corpus whose words it knows; repeat it for several
  --corpora DIR    where they are, a folder each (built-in corpora need none)
  --vectors FILE   word2vec, GloVe or fastText, packed with gzip or not; without it, vectors of words are drawn
  --character-size N, --character-epochs N
                   of language models over characters, trained on the corpora's training text (hunflair: ${LANGUAGE.hidden} and ${LANGUAGE.epochs})
  --characters FILE
                   language models that flair saved, one forward and one backward, in place of training some
  --first-words N  of the file's first words, for other text than the corpora's (${FIRST_WORDS})
  --name NAME      of the folder and the model (NETWORK)
${exitCodesText}`;

export const baselineCommand = command(usage, makeFolder);

async function makeFolder(
  args: readonly string[],
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const { interrupt, output } = surroundings;
  const { values, positionals } = parsedOptions(args, {
    corpus: { type: 'string', multiple: true },
    corpora: { type: 'string' },
    vectors: { type: 'string' },
    'first-words': { type: 'string' },
    characters: { type: 'string', multiple: true },
    'character-size': { type: 'string' },
    'character-epochs': { type: 'string' },
    name: { type: 'string' },
    out: { type: 'string' },
    json: { type: 'boolean' },
  });
  const { corpus: names = [], corpora: folder, out, vectors } = values;
  const form = networkOf(positionals);
  if (names.length === 0) throw usageError('Name the corpora whose words it knows.', '--corpus NAME', 'none');
  if (out === undefined) throw usageError('Give a folder for the model.', '--out DIR', 'none');
  const firstWords = wholeNumber('first-words', values['first-words'], FIRST_WORDS, 0, MOST_FIRST_WORDS);
  const language = await languageOf(form, values);
  const name = values.name ?? form;
  const store = memory();
  const { lab, close } = commandLab(store, surroundings);
  try {
    await lab.open('cpu');
    const ids: string[] = [];
    for (const corpus of names) {
      const { corpusIds } = await lab.importFiles(await inputFolder('corpora', corpus, folder ?? null));
      ids.push(...corpusIds);
    }
    const corpora = lab.getState().corpora.filter(({ id }) => ids.includes(id));
    if (corpora.length === 0) throw notCorpora(names, lab);
    const file = vectors === undefined ? null : await vectorsFile(vectors);
    const named = corpora.map((corpus) => ({ id: corpus.id, name: corpus.name }));
    const wanted = { name, form, corpora: named, vectors: file, firstWords, language };
    const made = await cancelledBy(interrupt, lab, () => lab.makeBaseline(wanted));
    if (made === null) return interruptedCode(interrupt);
    const target = path.join(path.resolve(out), name);
    await mkdir(target, { recursive: true });
    for (const part of made.record.files) {
      await writeFile(path.join(target, part.name), await readModelFile(store, made.record.id, part.name));
    }
    output.write(`${description(made)}\nModel: ${target}\n`);
    lines.write({ event: 'model', folder: target, name, fingerprint: made.record.fingerprint, words: made.origin });
    return exitCodes.done;
  } finally {
    close();
  }
}

function networkOf(positionals: readonly string[]): BaselineName {
  const [wanted, ...rest] = positionals;
  const form = BASELINES.find((one) => one === wanted);
  if (form === undefined || rest.length > 0) {
    throw usageError('Give one network.', BASELINES.join(', '), positionals.join(' ') || 'none');
  }
  return form;
}

/** Language models as the options say; undefined without any option. Files and training exclude one another. */
async function languageOf(
  form: BaselineName,
  options: {
    readonly characters?: readonly string[] | undefined;
    readonly 'character-size'?: string | undefined;
    readonly 'character-epochs'?: string | undefined;
  },
): Promise<LanguageChoice | undefined> {
  const { characters, 'character-size': size, 'character-epochs': epochs } = options;
  if (characters === undefined && size === undefined && epochs === undefined) return undefined;
  const { language } = baselineForms[form];
  if (language === undefined) throw usageError(`${form} reads no language models.`, 'hunflair', form);
  if (characters === undefined) {
    return {
      hidden: wholeNumber('character-size', size, language.hidden, 1, MOST_LANGUAGE.hidden),
      epochs: wholeNumber('character-epochs', epochs, language.epochs, 1, MOST_LANGUAGE.epochs),
    };
  }
  if (size !== undefined || epochs !== undefined || characters.length !== 2) {
    const got = size === undefined && epochs === undefined ? characters.join(', ') : 'files and options of training';
    throw usageError('Give both language models, or options to train some.', 'two files', got);
  }
  const files = characters.map(async (file) => {
    const bytes = await readFile(file).catch((cause: unknown): never => {
      throw unreadableFile(file, 'a language model that flair saved', cause);
    });
    return { name: path.basename(file), bytes: new Uint8Array(bytes) };
  });
  return { files: await Promise.all(files) };
}

/** A file that is read as a stream, however large. */
async function vectorsFile(file: string): Promise<VectorsFile> {
  try {
    const blob = await openAsBlob(file);
    return { name: path.basename(file), sizeBytes: blob.size, bytes: blob.stream() };
  } catch (cause) {
    throw unreadableFile(file, 'a file of word vectors', cause);
  }
}

function notCorpora(names: readonly string[], lab: LocalLab): LabError {
  const said = lab.getState().notices.find(({ severity }) => severity === 'error')?.message;
  return new LabError('headless/input', `No corpus was read from ${names.join(', ')}.`, {
    expected: 'a folder of corpus files',
    got: said ?? 'none',
  });
}

/** What was made, and how much of the text the vectors cover. */
function description({ record, origin: { vectors, language } }: BaselineMade): string {
  const sized = `${record.vocabularySize} words, ${record.parameterCount} weights, fingerprint ${record.fingerprint}`;
  const size = language === undefined ? sized : `${sized}\n${languageText(language)}`;
  if (vectors === null) return `${size}\nVectors of words are drawn.`;
  const { all, asSpelled, otherwiseSpelled, composed } = vectors.coverage;
  const share = (part: { readonly tokens: number }): string =>
    `${((100 * part.tokens) / Math.max(1, all.tokens)).toFixed(1)} %`;
  return `${size}\n${vectors.file}: ${vectors.format}, ${vectors.words} words of ${vectors.dimensions} dimensions; of the tokens ${share(asSpelled)} as spelled, ${share(otherwiseSpelled)} in lower case or with digits as 0, ${share(composed)} from n-grams`;
}
