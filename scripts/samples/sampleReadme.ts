// Writes the page that describes the sample corpora.
import type { SampleCatalogue } from './sampleCatalogue.ts';

export function sampleReadme(corpora: SampleCatalogue['corpora']): string {
  const rows = corpora.map(
    ({ name, type, about, sentences, mentions }) =>
      `| ${name} | ${type} | ${about.replace('Invented sentences: ', '')} | ${sentences.train} / ${sentences.devel} / ${sentences.test} | ${mentions.train} / ${mentions.devel} / ${mentions.test} |`,
  );
  return `# Sample corpora
Small corpora that show the lab at work: two in each of four categories, one entity type each.

Every sentence is invented. Templates, word lists and name grammars in \`scripts/samples\` make them from a fixed seed
(\`npm run samples\` writes this folder anew, byte for byte); nothing is taken from a published corpus. Apart from a few everyday
ones the drugs, diseases, genes and creatures named do not exist, and a likeness to real ones is chance. Do not learn biology from them, and do not compare their scores with those of real corpora.

Format: \`token<TAB>tag\` a line, an empty line after each sentence, IOB2, UTF-8.

| corpus | type | setting | sentences train / devel / test | mentions |
|---|---|---|---|---|
${rows.join('\n')}

What makes them worth training on:
- names are composed from affixes, and a good part of those in devel and test never occurs in the same corpus's train;
- some of these occur in the train split of the sister corpus, so training a category together helps;
- look-alikes are no mentions (enzymes and devices beside drugs, cell lines beside genes, anatomical Latin beside species), and some words
  are mentions in one context only (*lead*, *gold*, *stroke*, *CAT*, *turkey*).

Licence: CC0 1.0, no rights reserved. \`catalogue.json\` lists the corpora for the lab.
`;
}
