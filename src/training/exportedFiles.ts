// Writes the model card and the transformers configurations of an exported tagger.
import { factsOf } from '../data/pieces/encoderFacts.ts';
import { bertNormalizer } from '../data/pieces/normalizer.ts';
import { settledNormalizer, tokenizerConfigSchema } from '../data/pieces/tokenizerSettings.ts';
import { wordsOriginSchema } from '../data/words/baselines.ts';
import type { SplitScores } from '../metrics/scores/spanScore.ts';
import { familyOf, type EncoderConfig } from '../model/families/encoderConfig.ts';
import type { WrittenType } from '../model/weights/safetensors.ts';
import type { Method } from '../schema/methods.ts';
import type { TaggerHead } from '../schema/taggerHead.ts';
import { markdownText } from '../util/wording.ts';

const methods = {
  STL: 'Single-task learning (STL): one task alone, from pretrained weights',
  'MTL-XC': 'Multi-task learning with everything shared (MTL-XC): all tasks of a category under one head',
  'MTL-LS':
    'Multi-task learning with layer slicing (MTL-LS): lower layers from the category’s MTL-XC, upper ones from pretraining',
  'MTL-PL':
    'Multi-task learning on partial labels (MTL-PL): all tasks of a category under one head of all their types, where what a corpus does not annotate stays open',
  'PL-LS':
    'Layer slicing on partial labels (PL-LS): lower layers from the category’s MTL-PL, upper ones from pretraining',
} as const satisfies Record<Method, string>;

/** Markdown with the front matter of model hubs. `repository`: the pretrained model's source on the hub; null if imported from files. */
export function modelCard(
  head: TaggerHead,
  encoder: Pick<EncoderConfig, 'family'>,
  repository: string | null,
  stored: Readonly<Record<string, unknown>> = {},
): string {
  const { types, config, provenance } = head;
  const { caveat, nowhereElse } = exportedForm(encoder);
  const name = `${factsOf(encoder.family).name}${config.head === 'crf' ? '-CRF' : ''}`;
  return [
    frontMatter(repository, nowhereElse === undefined),
    `# ${name} tagger for ${types.map(markdownText).join(', ')}`,
    `Marks mentions of ${types.map(markdownText).join(', ')} in tokenized text. ${nowhereElse === undefined ? 'Fine-tuned with BioNER Lab from the pretrained model' : 'Trained with BioNER Lab from the network'} ` +
      `${markdownText(provenance.model)}; the snapshot after epoch ${provenance.epoch}, seed ${provenance.seed}.`,
    `## How it was trained`,
    `${methods[provenance.method]}${rate(provenance.slicingRate)}. Corpora: ${provenance.tasks.map(taskName).join('; ')}.`,
    table(['setting', 'value'], settingsOf(config)),
    `## Scores`,
    `Exact mentions, in percent, as conlleval counts them; strict leaves out mentions that break the tag scheme.`,
    table(
      ['task', 'split', 'precision', 'recall', 'F1', 'F1, strict'],
      provenance.tasks.flatMap((task, index) => [
        scoreRow(taskName(task), 'devel', provenance.devel[index]),
        scoreRow(taskName(task), 'test', provenance.test[index]),
      ]),
    ),
    `## How to use it`,
    ...(nowhereElse === undefined ? [usage(config.head), ...(caveat === undefined ? [] : [caveat])] : [nowhereElse, wordsOf(stored)]),
    `## Limits`,
    `It knows text like that of its corpora and the types above, expects text cut into tokens as those corpora are, and marks neither nested ` +
      `nor discontinuous mentions. Scores hold for these corpora; they are no promise for other text, and none for clinical use.`,
    `The licence of the pretrained model is not known here, and that of the corpora may bind too, so this card names none: look it up before ` +
      `passing the weights on.`,
    `## Reference`,
    `Chai Z, Jin H, Shi S, Zhan S, Zhuo L, Yang Y. Hierarchical shared transfer learning for biomedical named entity recognition. ` +
      `BMC Bioinformatics 2022, 23:8.`,
  ].join('\n\n').concat('\n'); // prettier-ignore
}

function frontMatter(repository: string | null, isOfTransformers: boolean): string {
  return [
    '---',
    `library_name: ${isOfTransformers ? 'transformers' : 'bioner-lab'}`,
    'pipeline_tag: token-classification',
    // JSON is valid YAML.
    ...(repository === null ? [] : [`base_model: ${JSON.stringify(repository)}`]),
    'tags:',
    ...['named-entity-recognition', 'biomedical', 'crf', 'bioner-lab'].map((tag) => `- ${tag}`),
    '---',
  ].join('\n');
}

/** Says where a network of words has its vocabulary and vectors from, as its config.json states it. */
function wordsOf({ words }: Readonly<Record<string, unknown>>): string {
  const { corpora, vectors } = wordsOriginSchema.safeParse(words).data ?? { corpora: [], vectors: null };
  const vocabulary = `Its vocabulary is that of ${corpora.map(markdownText).join(', ') || 'corpora that are not named'}.`;
  if (vectors === null) return `${vocabulary} Vectors of words were drawn at random.`;
  const { all, without } = vectors.coverage;
  const share = ((100 * (all.tokens - without.tokens)) / Math.max(1, all.tokens)).toFixed(1);
  return `${vocabulary} Vectors of words are those of ${markdownText(vectors.file)} (${vectors.format}, ${vectors.dimensions} dimensions), which has ${share} % of the tokens.`;
}

function rate(slicingRate: number | null): string {
  return slicingRate === null ? '' : `, slicing rate ${Number(slicingRate.toFixed(3))}`;
}

function taskName({ corpus, type }: TaggerHead['provenance']['tasks'][number]): string {
  return markdownText(type === null ? corpus : `${corpus}, ${type}`);
}

/** Every setting of the configuration; members of a group as `group.member`. */
function settingsOf(config: TaggerHead['config']): readonly (readonly string[])[] {
  return Object.entries(config).flatMap(([name, value]): string[][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([member, inner]) => [`\`${name}.${member}\``, String(inner)])
      : [[`\`${name}\``, String(value)]],
  );
}

function scoreRow(task: string, split: string, scores: SplitScores | null | undefined): readonly string[] {
  if (scores == null) return [task, split, '–', '–', '–', '–'];
  const { precision, recall, f1 } = scores.lenient.overall;
  return [task, split, ...[precision, recall, f1, scores.strict.overall.f1].map((value) => value.toFixed(2))];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

function usage(head: TaggerHead['config']['head']): string {
  const decoding =
    head === 'crf'
      ? 'The classifier alone gives the emissions; tags come from the CRF whose `crf.*` tensors lie in `model.safetensors`, which `tag.py` decodes.'
      : 'Each token takes the tag with the highest score.';
  return [
    `${decoding} \`tag.py\` needs torch and transformers, and reads one token a line with an empty line between sentences:`,
    '```sh\npython tag.py . < tokens.conll > tagged.conll\n```',
    '```python\nfrom tag import Tagger\n\ntagger = Tagger(".")\nprint(tagger.tag([["A", "sentence", "in", "tokens", "."]]))\n```',
    'Drop the folder on BioNER Lab to tag text there or to train on from it; `bioner_lab.json` is what makes it a tagger there.',
  ].join('\n\n');
}

/** Whether a class of transformers opens the folder, and so tag.py. */
export const isOfTransformers = (encoder: Pick<EncoderConfig, 'family'>): boolean =>
  exportedForm(encoder).nowhereElse === undefined;

const exportedForm = (encoder: Pick<EncoderConfig, 'family'>) => familyOf(encoder as EncoderConfig).exported;

/** `stored` is the parsed config.json of the pretrained model; members unknown to the lab stay unchanged. */
export function taggerConfigFile(
  stored: Readonly<Record<string, unknown>>,
  encoder: Pick<EncoderConfig, 'family'>,
  { tags, config }: Pick<TaggerHead, 'tags' | 'config'>,
  dtype: WrittenType,
): Record<string, unknown> {
  // Drops older names of members set below, and that the weights have to be drawn.
  const { num_labels: _count, _num_labels: _older, torch_dtype: _type, untrained: _drawn, ...saved } = stored;
  const { modelType, architecture, dropoutMembers } = exportedForm(encoder);
  return {
    ...saved,
    model_type: modelType,
    architectures: [architecture],
    id2label: Object.fromEntries(tags.map((tag, index) => [index, tag])),
    label2id: Object.fromEntries(tags.map((tag, index) => [tag, index])),
    dtype: dtype === 'F16' ? 'float16' : 'float32',
    ...dropoutMembers(config.dropout),
  };
}

/**
 * `stored` is the model's tokenizer_config.json, or null; `tokenizer` is the content of tokenizer.json. transformers rebuilds BERT's
 * normalizer from this file and lower-cases by default, so the settings of tokenizer.json are repeated here where it leaves them out.
 */
export function tokenizerConfigFile(
  stored: Readonly<Record<string, unknown>> | null,
  encoder: Pick<EncoderConfig, 'family'>,
  tokenizer: { readonly normalizer?: unknown },
): Record<string, unknown> {
  const settings = tokenizerConfigSchema.safeParse(stored ?? {}).data ?? {};
  const { tokenizer: defaults, configuresNormalizer } = exportedForm(encoder);
  const content = { normalizer: tokenizer.normalizer ?? null, model: { type: 'WordPiece' } };
  const normalizer = configuresNormalizer ? bertNormalizer(settledNormalizer(content, settings)) : null;
  if (normalizer === null) return { ...defaults, ...stored };
  return {
    ...defaults,
    ...stored,
    do_lower_case: normalizer.lowercase,
    strip_accents: normalizer.strip_accents,
    tokenize_chinese_chars: normalizer.handle_chinese_chars,
  };
}
