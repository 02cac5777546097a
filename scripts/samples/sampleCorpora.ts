// Generates the sample corpora: every file of public/corpora as text, the same on every machine.
import { SPLITS, type Sentence, type Split } from '../../src/data/corpus/corpus.ts';
import { Rng } from '../../src/util/random.ts';
import type { SampleCategory } from './category.ts';
import { chemical } from './chemical.ts';
import { disease } from './disease.ts';
import { gene } from './gene.ts';
import { plainWords } from './plainWords.ts';
import { LETTERS, pooledNames, type Letter } from './pooledNames.ts';
import type { SampleCatalogue } from './sampleCatalogue.ts';
import { sampleReadme } from './sampleReadme.ts';
import { species } from './species.ts';
import { expandTemplate, type Slots } from './template.ts';

const SEED = 2022;
const SENTENCES: Readonly<Record<Split, number>> = { train: 300, devel: 100, test: 100 };
const CATEGORIES: readonly SampleCategory[] = [chemical, disease, gene, species];

/** Every file under public/corpora: path to text. */
export function sampleCorpora(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const taken = new Set<string>();
  const corpora: SampleCatalogue['corpora'][number][] = [];
  for (const category of CATEGORIES) {
    for (const letter of LETTERS) {
      const name = `sample-${category.name}-${letter}`;
      const mentions = { train: 0, devel: 0, test: 0 };
      for (const split of SPLITS) {
        const sentences = generateSplit(category, letter, split, taken);
        files.set(`${name}/${split}.tsv`, sentences.map(toTsv).join(''));
        mentions[split] = sentences.reduce((sum, sentence) => sum + sentence.mentions.length, 0);
      }
      corpora.push({
        name,
        category: category.name,
        type: category.type,
        about: `Invented sentences: ${category.settings[letter]}`,
        licence: 'CC0-1.0',
        files: { train: `${name}/train.tsv`, devel: `${name}/devel.tsv`, test: `${name}/test.tsv` },
        sentences: { ...SENTENCES },
        mentions,
      });
    }
  }
  files.set('catalogue.json', `${JSON.stringify({ version: 1, corpora } satisfies SampleCatalogue, null, 2)}\n`);
  files.set('README.md', sampleReadme(corpora));
  return files;
}

/** Generates the sentences of one split; templates alternate so that each is used, and no sentence is generated twice in any corpus (`taken`). */
function generateSplit(category: SampleCategory, letter: Letter, split: Split, taken: Set<string>): Sentence[] {
  const rng = Rng.seeded(SEED).fork(category.name);
  const names: Slots = Object.fromEntries(
    Object.entries(category.names).map(([kind, make]) => [kind, pooledNames(make, rng.fork(kind), letter, split)]),
  );
  const slots = { ...plainWords, ...category.slots, ...names };
  const draw = rng.fork(letter, split);
  const templates = category.templates[letter];
  const sentences: Sentence[] = [];
  let turn: readonly string[] = [];
  while (sentences.length < SENTENCES[split]) {
    if (turn.length === 0) turn = draw.shuffled(templates);
    const sentence = expandTemplate(turn[0] ?? '', slots, category.type, draw);
    const text = sentence.tokens.join(' ').toLowerCase();
    if (taken.has(text)) continue;
    taken.add(text);
    turn = turn.slice(1);
    sentences.push(sentence);
  }
  return sentences;
}

/** Writes one sentence as `token<TAB>tag` lines in IOB2, followed by an empty line. */
function toTsv({ tokens, mentions }: Sentence): string {
  const tags = tokens.map(() => 'O');
  for (const { type, start, end } of mentions) {
    for (let token = start; token < end; token++) tags[token] = `${token === start ? 'B' : 'I'}-${type}`;
  }
  return `${tokens.map((token, index) => `${token}\t${tags[index] ?? 'O'}`).join('\n')}\n\n`;
}
