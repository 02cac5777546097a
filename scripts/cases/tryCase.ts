// Imports the input of a case as a dropped folder, and compares what came of it with what the case expects.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SPLITS, type CorpusSentences } from '../../src/data/corpus/corpus.ts';
import { readTokenizer } from '../../src/data/pieces/tokenizer.ts';
import { tokenizerFileOf } from '../../src/data/pieces/tokenizerFile.ts';
import { gatheredConfig } from '../../src/data/pieces/tokenizerSettings.ts';
import { LocalLab } from '../../src/lab/lab.ts';
import { fileSystem } from '../../src/storage/fileSystem.ts';
import { LabError } from '../../src/util/labError.ts';
import type { DroppedFile } from '../../src/util/namedFile.ts';
import { softwareVersion } from '../../src/util/wording.ts';
import { connect, portWire } from '../../src/wire/port.ts';
import type { RunEvent, ServerCalls } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { createTrainingServer } from '../../workers/trainingServer.ts';
import type { Case, CaseExpectation } from './readCases.ts';

type NamedMention = readonly [text: string, type: string];

/** What the lab made of an input. */
interface Outcome {
  readonly corpora: readonly CorpusSentences[];
  readonly modelCount: number;
  /** Whether documents of train were drawn for devel. */
  readonly isDrawn: boolean;
  /** Notices and the issues of corpora. */
  readonly messages: readonly string[];
  /** The ids of each token to encode, or why there are none. */
  readonly encoded: ReadonlyMap<string, readonly number[]> | LabError | null;
}

/** Ids of a token that has none in a reference: here it is the unknown piece, because every token has a label. */
const noIds: readonly number[] = [];

export interface CaseResult {
  readonly name: string;
  /** A phrase for each expectation that does not hold: what was expected, what came. Empty if all hold. */
  readonly differences: readonly string[];
  readonly messages: readonly string[];
}

export async function tryCase({ name, files, expected }: Case): Promise<CaseResult> {
  const outcome = await outcomeOf(files, expected);
  return { name, differences: differencesOf(expected, outcome), messages: outcome.messages };
}

/** Imports the files into a separate lab, whose storage is removed afterwards. */
async function outcomeOf(files: readonly DroppedFile[], { encode }: CaseExpectation): Promise<Outcome> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bioner-case-'));
  const store = fileSystem(folder);
  const channel = new MessageChannel();
  createTrainingServer({ store, wire: portWire(channel.port2), platform: nodePlatform });
  const client = connect<ServerCalls, RunEvent>(portWire(channel.port1));
  const lab = new LocalLab({
    store,
    openServer: () => client,
    fetchBuiltIn: null,
    requestFile: () => Promise.reject(new LabError('cases/offline', 'Cases load nothing.')),
    software: softwareVersion,
  });
  try {
    const imported = await lab.importFiles(files);
    const { corpora, notices } = lab.getState();
    const sentences: CorpusSentences[] = [];
    for (const id of imported.corpusIds) sentences.push(await lab.readCorpus(id));
    const issues = corpora.flatMap((corpus) => corpus.issues.map(({ file, message }) => `${file}: ${message}`));
    return {
      corpora: sentences,
      isDrawn: corpora.some((corpus) => corpus.issues.some(({ code }) => code === 'corpus/devel-drawn')),
      modelCount: imported.modelIds.length,
      messages: [...notices.map(({ message }) => message), ...issues],
      encoded: encode.length === 0 ? null : await encodedTokens(files, encode.map(([token]) => token)), // prettier-ignore
    };
  } finally {
    client.close();
    channel.port2.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Encodes with the tokenizer of the files, which may lack the rest of a model. */
async function encodedTokens(files: readonly DroppedFile[], tokens: readonly string[]): Promise<Outcome['encoded']> {
  const read = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const file of files) read.set(path.basename(file.path), await file.bytes());
  const encoderFile = ['config.json', 'xlnet_config.json', 'bert_config.json'].find((name) => read.has(name)) ?? null;
  try {
    const configFile = gatheredConfig(read, encoderFile);
    const tokenizer = readTokenizer(tokenizerBytes(read, configFile), configFile, { lowerCase: false });
    return new Map(
      tokens.map((token) => {
        const ids = tokenizer.encodeToken(token);
        return [token, ids.join() === String(tokenizer.specials.unk) ? noIds : ids];
      }),
    );
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
}

function tokenizerBytes(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  configFile: Uint8Array<ArrayBuffer> | null,
): Uint8Array<ArrayBuffer> {
  const whole = files.get('tokenizer.json');
  if (whole !== undefined) return whole;
  const name = ['spiece.model', 'vocab.txt'].find((candidate) => files.has(candidate));
  const bytes = name === undefined ? undefined : files.get(name);
  if (name !== undefined && bytes !== undefined) return tokenizerFileOf({ name, bytes }, configFile);
  throw new LabError('cases/tokenizer', 'The input has no tokenizer.', {
    expected: 'tokenizer.json, spiece.model or vocab.txt',
    got: [...files.keys()].join(', '),
  });
}

function differencesOf(expected: CaseExpectation, outcome: Outcome): string[] {
  const wholly = [...refusalDifferences(expected, outcome), ...messageDifferences(expected, outcome)];
  if (expected.kind === 'model') {
    const loaded = outcome.modelCount > 0;
    const wanted = expected.loads ?? loaded;
    return [
      ...wholly,
      ...(loaded === wanted ? [] : [`expected a model that ${wanted ? 'loads' : 'is refused'}, got the opposite`]),
      ...encodingDifferences(expected, outcome),
    ];
  }
  return [...wholly, ...corpusDifferences(expected, outcome)];
}

function refusalDifferences({ refused }: CaseExpectation, { corpora, modelCount }: Outcome): string[] {
  const count = corpora.length + modelCount;
  return refused && count > 0 ? [`expected a refusal, got ${count} imported`] : [];
}

function messageDifferences({ says }: CaseExpectation, { messages }: Outcome): string[] {
  const all = messages.join('\n').toLowerCase();
  if (says.length === 0 || says.some((text) => all.includes(text.toLowerCase()))) return [];
  return [`expected a message with ${says.map((text) => `"${text}"`).join(' or ')}, got none`];
}

function corpusDifferences(
  { mentions, tokens, notTokens, refused }: CaseExpectation,
  { corpora, isDrawn }: Outcome,
): string[] {
  const differences: string[] = [];
  if (!refused && corpora.length === 0) differences.push('expected a corpus, got none');
  const sentences = corpora.flatMap((corpus) => SPLITS.flatMap((split) => corpus[split]));
  const present = new Set(sentences.flatMap((sentence) => sentence.tokens));
  const found = sentences.flatMap((sentence) =>
    sentence.mentions.map(({ type, start, end }): NamedMention => {
      return [sentence.tokens.slice(start, end).join('').replace(/\s/gu, ''), type];
    }),
  );
  if (mentions && !refused && !isSameMentions(found, mentions, isDrawn)) {
    differences.push(`expected ${described(mentions)}, got ${described(found)}`);
  }
  for (const token of tokens) if (!present.has(token)) differences.push(`expected the token ${token}, got none`);
  for (const token of notTokens) if (present.has(token)) differences.push(`expected no token ${token}, got one`);
  return differences;
}

/** Documents drawn for devel follow those of train, whatever their order in the file: then the order of mentions says nothing. */
function isSameMentions(found: readonly NamedMention[], expected: readonly NamedMention[], isDrawn: boolean): boolean {
  const spelled = (all: readonly NamedMention[]) => {
    const texts = all.map((one) => JSON.stringify(one));
    return (isDrawn ? texts.sort() : texts).join();
  };
  return spelled(found) === spelled(expected);
}

function described(mentions: readonly NamedMention[]): string {
  return mentions.length === 0 ? 'no mention' : mentions.map(([text, type]) => `${text} (${type})`).join(', ');
}

function encodingDifferences({ encode }: CaseExpectation, { encoded }: Outcome): string[] {
  if (encoded instanceof LabError) return [`expected ids, got ${LabError.describe(LabError.toData(encoded))}`];
  return encode.flatMap(([token, ids]) => {
    const got = encoded?.get(token) ?? [];
    return got.join() === ids.join() ? [] : [`expected ${token} as ${ids.join(' ')}, got ${got.join(' ')}`];
  });
}
