// Writes the card of the shipped tagger in Markdown: what it is for, how it was made, its scores, limits and licence.
import type { TaggerFile } from '../../src/schema/modelRecord.ts';
import { leastConfidence } from './jointCorpus.ts';
import type { ShippedScores } from './publishCommand.ts';

/** What config.json says, so that exports and pages made of the tagger say it, too. */
export const shippedLicence =
  'CC BY 4.0. The shipped tagger of BioNER Lab was trained on NCBI-disease, BC5CDR, BC2GM and LINNAEUS as released by Crichton, Pyysalo, Chiu and Korhonen ' +
  'with “A neural network multi-task learning approach to biomedical named entity recognition” (BMC Bioinformatics, 2017), ' +
  'https://github.com/cambridgeltl/MTL-Bioinformatics-2016, CC BY 4.0, from the built-in model xlnet-bio-tiny, which was pretrained on the train sentences of ' +
  'that collection. Keep this attribution when you pass the weights on.';

const percent = (value: number): string => value.toFixed(2);

export function taggerCard(name: string, { provenance, config }: TaggerFile, scores: ShippedScores): string {
  const { tests, singles, rounding } = scores;
  const rows = tests.map(({ corpus, type, scores: { sentences, lenient } }) => {
    const { gold, precision, recall, f1 } = lenient.overall;
    const single = singles.find((one) => one.corpus === corpus && one.type === type);
    const cells = [type, corpus, `${sentences}`, `${gold}`, percent(precision), percent(recall), percent(f1)];
    return `| ${[...cells, single === undefined ? '–' : percent(single.f1)].join(' | ')} |`;
  });
  return `# ${name}

Marks diseases, chemicals, genes and proteins, and species in English biomedical text. It comes with the lab, so that a first sentence is tagged at
once, on any machine. It is small and quick to train: to find as much as can be found, fine-tune a larger model.

Its sentences come from published corpora; the sample corpora of the lab, whose sentences are invented, had no part in it.

## Scores

On the annotated test set of each corpus, exact mentions of the one type, in percent, as conlleval counts them, with the weights that are here. The last column
is a tagger of the same size that saw that corpus alone, for ${singles.length === 0 ? 'fewer' : '450'} steps.

| type | corpus | sentences | mentions | precision | recall | F1 | F1 alone |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
${rows.join('\n')}

The network is the built-in model \`${provenance.model}\` with one CRF for the four types, run ${provenance.runId}, the snapshot after epoch ${provenance.epoch} of
${config.epochs}, seed ${provenance.seed}.

## How it was made

No corpus annotates all four types. Three taggers were trained, on BC5CDR (chemicals and diseases), BC2GM (genes and proteins) and LINNAEUS (species), by
\`results/shipped-tagger-single.plan.json\`. Each then tagged the sentences of the other corpora, and of NCBI-disease; what it found with a probability of at least ${leastConfidence}
was added where the corpus does not annotate that type and nothing annotated overlaps. Of the sentences without a mention that is annotated, every second of BC2GM and every third of
LINNAEUS were taken; training sentences that occur in a test set were left out. \`results/shipped-tagger.plan.json\` trained this tagger on the result.
So a part of what it learned are other taggers' mistakes; the test sets above are annotated by people alone.

\`\`\`sh
npm run headless -- results/shipped-tagger-single.plan.json --corpora DIR --out OUT/single --backend wasm
npm run shipped-tagger -- join --corpora DIR --singles OUT/single --out OUT
npm run headless -- results/shipped-tagger.plan.json --corpora OUT/corpora --out OUT/joint --backend wasm
npm run shipped-tagger -- publish --corpora DIR --singles OUT/single --trained OUT/joint
\`\`\`

Weights are stored in 16 bits. That changes the mentions of ${rounding.sentencesThatDiffer} of the ${rounding.sentences} test sentences, and the probability of a mention that both find by at most
${rounding.largestChange.toFixed(4)}.

## Limits

- It keeps case: text in capitals or without them is unlike what it learned from.
- It knows abstracts and articles of MEDLINE and PubMed Central, not clinical notes, patents or social media.
- The four corpora were annotated by different rules. BC5CDR and NCBI-disease differ in what a disease is (BC5CDR has symptoms); BC2GM often takes a whole phrase as
  the name of a gene; LINNAEUS has people and patients as species.
- It marks neither nested nor discontinuous mentions, and it links nothing to a database.
- The probabilities are exact under the model, and not calibrated. It is not for clinical use.

## Licence

CC BY 4.0. It was trained on NCBI-disease, BC5CDR, BC2GM and LINNAEUS as released by Crichton, Pyysalo, Chiu and Korhonen with *A neural network multi-task learning
approach to biomedical named entity recognition* (BMC Bioinformatics, 2017), <https://github.com/cambridgeltl/MTL-Bioinformatics-2016>, CC BY 4.0, from
the built-in model, which was pretrained on the train sentences of that collection. Keep this attribution when you pass the weights on.
`;
}
