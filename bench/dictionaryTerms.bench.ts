// Writes the dictionaries that the measurements of dictionaries are made with, and measures linking and reading.
//   terms CORPORA OUT      the different mentions of a corpus' training and devel text, one on a line
//   linking CORPORA        accuracy of links on perturbed names of a synthetic dictionary, with seeds 1 to 3
//   speed                  reading, indexing and linking of a drawn dictionary of 100,000 entries
//   matching CORPORA DICT  precision, recall and F1 of the terms alone on the test text
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SPLITS, type Sentence, type Split } from '../src/data/corpus/corpus.ts';
import type { DictionaryEntry } from '../src/data/dictionary/dictionary.ts';
import { DEFAULT_LINKING, Linker, type LinkStep } from '../src/data/dictionary/linker.ts';
import { dictionaryOf } from '../src/data/dictionary/readDictionary.ts';
import { silverText } from '../src/data/dictionary/termMatcher.ts';
import { dictionaryTsv } from '../src/data/dictionary/tableTerms.ts';
import { DEFAULT_RULES } from '../src/data/dictionary/termForms.ts';
import { readConll } from '../src/data/rows/conll.ts';
import { mentionText } from '../src/metrics/text/nearIndex.ts';
import { Rng } from '../src/util/random.ts';
import { finishWork } from '../src/util/clock.ts';

const SEEDS = [1, 2, 3] as const;

async function sentencesOf(corpora: string, name: string, split: Split): Promise<readonly Sentence[]> {
  const file = path.join(corpora, name, `${split}.tsv`);
  return readConll(new Uint8Array(await readFile(file)), file).sentences;
}

function mentionsOf(sentences: readonly Sentence[]): readonly string[] {
  return sentences.flatMap((sentence) => sentence.mentions.map((mention) => mentionText(sentence, mention)));
}

async function writeTerms(corpora: string, out: string): Promise<void> {
  const name = 'BC5CDR-disease-IOB';
  const read = await Promise.all((['train', 'devel'] as const).map((split) => sentencesOf(corpora, name, split)));
  const terms = [...new Set(read.flatMap(mentionsOf))].sort();
  await writeFile(out, terms.map((term) => `${term}\n`).join(''));
  console.log(`${terms.length} different mentions of ${name}, train and devel`);
}

/** A way in which a name is written differently; null where it does not apply. */
type Perturbation = (name: string, rng: Rng) => string | null;

const GREEK: Readonly<Record<string, string>> = { alpha: 'α', beta: 'β', gamma: 'γ', delta: 'δ', kappa: 'κ' };

const perturbations: Readonly<Record<string, Perturbation>> = {
  'as it is': (name) => name,
  'other case': (name) => differs(name, name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase()),
  'plural or singular': (name) => differs(name, /[^s]s$/.test(name) ? name.slice(0, -1) : `${name}s`),
  'hyphen or space': (name) => differs(name, name.includes(' - ') ? name.replace(' - ', ' ') : name.replace(' ', '-')),
  'Greek letter': (name) => differs(name, name.replace(/\b(alpha|beta|gamma|delta|kappa)\b/i, (word) => GREEK[word.toLowerCase()] ?? word)), // prettier-ignore
  'order of words': (name) => {
    const words = name.split(' ');
    return words.length < 2 ? null : differs(name, [...words.slice(-1), ...words.slice(0, -1)].join(' '));
  },
  'a letter less': (name, rng) => {
    if (name.length < 6) return null;
    const at = 1 + rng.integer(name.length - 2);
    return name[at] === ' ' ? null : name.slice(0, at) + name.slice(at + 1);
  },
  'two letters exchanged': (name, rng) => {
    if (name.length < 6) return null;
    const at = 1 + rng.integer(name.length - 3);
    return differs(name, name.slice(0, at) + (name[at + 1] ?? '') + (name[at] ?? '') + name.slice(at + 2));
  },
  'a word less': (name, rng) => {
    const words = name.split(' ');
    const left = rng.integer(words.length);
    return words.length < 3 ? null : words.filter((_, index) => index !== left).join(' ');
  },
};

function differs(name: string, other: string): string | null {
  return other === name ? null : other;
}

interface Tally {
  asked: number;
  exactRight: number;
  rightAtOne: number;
  rightAtFive: number;
  readonly steps: Record<LinkStep | 'none', number>;
}

function emptyTally(): Tally {
  return {
    asked: 0,
    exactRight: 0,
    rightAtOne: 0,
    rightAtFive: 0,
    steps: { exact: 0, normalised: 0, similar: 0, none: 0 },
  };
}

async function measureLinking(corpora: string): Promise<void> {
  // Each spelling that differs in more than case is an entry with a synthetic id.
  const names = new Map<string, string>();
  for (const name of mentionsOf(await sentencesOf(corpora, 'NCBI-disease-IOB', 'train'))) {
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  }
  const entries = [...names.values()].map((name, index): DictionaryEntry => {
    return { id: `SYN:${String(index + 1).padStart(5, '0')}`, name, type: 'Disease', synonyms: [] };
  });
  const linker = finishWork(Linker.build(entries));
  console.log(`${entries.length} entries; of each, every perturbation that applies, seeds ${SEEDS.join(', ')}`);
  const total = emptyTally();
  for (const [kind, perturb] of Object.entries(perturbations)) {
    const tally = emptyTally();
    for (const seed of SEEDS) {
      for (const { id, name } of entries) {
        const mention = perturb(name, Rng.seeded(seed).fork(kind, id));
        if (mention === null) continue;
        const { id: found, step, candidates } = linker.link(mention, 'Disease', DEFAULT_LINKING);
        for (const one of [tally, total]) {
          one.asked++;
          one.steps[step ?? 'none']++;
          if (step === 'exact' && found === id) one.exactRight++;
          if (found === id) one.rightAtOne++;
          if (candidates.some((candidate) => candidate.id === id)) one.rightAtFive++;
        }
      }
    }
    print(kind, tally);
  }
  print('all', total);
}

function print(kind: string, { asked, exactRight, rightAtOne, rightAtFive, steps }: Tally): void {
  const percent = (count: number): string => `${((100 * count) / Math.max(1, asked)).toFixed(1)} %`;
  const shares = Object.entries(steps).map(([step, count]) => `${step} ${percent(count)}`);
  console.log(`${kind.padEnd(22)} ${String(asked).padStart(6)}  exact alone ${percent(exactRight)}  at 1 ${percent(rightAtOne)}  at 5 ${percent(rightAtFive)}  by step: ${shares.join(', ')}`); // prettier-ignore
}

async function measureMatching(corpora: string, file: string): Promise<void> {
  const { entries } = dictionaryOf({ path: path.basename(file), bytes: new Uint8Array(await readFile(file)) });
  for (const split of SPLITS) {
    const gold = await sentencesOf(corpora, 'NCBI-disease-IOB', split);
    const { sentences } = finishWork(silverText(entries, gold, DEFAULT_RULES, 'Disease'));
    let [found, wanted, right] = [0, 0, 0];
    for (const [index, { mentions }] of gold.entries()) {
      const own = sentences[index]?.mentions ?? [];
      found += own.length;
      wanted += mentions.length;
      right += own.filter((one) => mentions.some(({ start, end }) => one.start === start && one.end === end)).length;
    }
    const [precision, recall] = [right / found, right / wanted];
    const f1 = (2 * precision * recall) / (precision + recall);
    console.log(
      `${split}: ${[precision, recall, f1].map((one) => (100 * one).toFixed(2)).join(' / ')} (P / R / F1), ${found} found`,
    );
  }
}

const SYLLABLES = 'ab ac al an ar as at be bi bo ca ce ci co da de di do en er ex fi ga ge hy im in ir ka la le li lo ma me mi mo na ne ni no on op or pa pe pi po ra re ri ro sa se si so ta te ti to ul um un ve vi xa'.split(' '); // prettier-ignore

function measureSpeed(): void {
  const rng = Rng.seeded(1);
  const word = (): string => Array.from({ length: 2 + rng.integer(3) }, () => SYLLABLES[rng.integer(SYLLABLES.length)] ?? '').join(''); // prettier-ignore
  const words = Array.from({ length: 20_000 }, word);
  const term = (): string => Array.from({ length: 1 + rng.integer(4) }, () => words[rng.integer(words.length)] ?? '').join(' '); // prettier-ignore
  const entries = Array.from({ length: 100_000 }, (_, index): DictionaryEntry => {
    const synonyms = Array.from({ length: 2 }, () => ({ text: term(), scope: null }));
    return { id: `SYN:${index}`, name: term(), type: 'Disease', synonyms };
  });
  const bytes = new TextEncoder().encode(dictionaryTsv(entries));
  const timed = <Value>(what: string, work: () => Value): Value => {
    const [startedMs, before] = [performance.now(), process.cpuUsage()];
    const value = work();
    const { user, system } = process.cpuUsage(before);
    console.log(
      `${what}: ${((user + system) / 1e6).toFixed(2)} s of the processor, ${((performance.now() - startedMs) / 1000).toFixed(2)} s`,
    );
    return value;
  };
  const read = timed(`reading ${(bytes.length / 1e6).toFixed(1)} MB of TSV, 100,000 entries of 3 terms`, () => dictionaryOf({ path: 'a.tsv', bytes })); // prettier-ignore
  const linker = timed('indexing for links', () => finishWork(Linker.build(read.entries)));
  const mentions = Array.from({ length: 1000 }, () => {
    const name = entries[rng.integer(entries.length)]?.name ?? '';
    return name.slice(0, 2) + name.slice(3);
  });
  timed('linking 1,000 different mentions with a letter missing', () => mentions.forEach((mention) => linker.link(mention, 'Disease'))); // prettier-ignore
  const sentences = Array.from({ length: 10_000 }, () => ({ tokens: Array.from({ length: 25 }, () => words[rng.integer(words.length)] ?? '') })); // prettier-ignore
  timed('indexing for text, and marking 10,000 sentences of 25 tokens', () => finishWork(silverText(read.entries, sentences, DEFAULT_RULES, null))); // prettier-ignore
  console.log(`heap ${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)} MB, array buffers ${(process.memoryUsage().arrayBuffers / 2 ** 20).toFixed(0)} MB`); // prettier-ignore
}

const [what, corpora = '', file = ''] = process.argv.slice(2);
if (what === 'terms') await writeTerms(corpora, file);
else if (what === 'linking') await measureLinking(corpora);
else if (what === 'matching') await measureMatching(corpora, file);
else if (what === 'speed') measureSpeed();
else console.log('Usage: npx tsx bench/dictionaryTerms.bench.ts terms CORPORA OUT | linking CORPORA | matching CORPORA DICTIONARY | speed'); // prettier-ignore
