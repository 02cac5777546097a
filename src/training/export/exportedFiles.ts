// Writes the model card and the transformers configurations of an exported tagger.
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import { bertNormalizer } from '../../data/pieces/normalizer.ts';
import { settledNormalizer, tokenizerConfigSchema } from '../../data/pieces/tokenizerSettings.ts';
import { languageText, wordsOriginSchema } from '../../data/words/baselines.ts';
import type { SplitScores } from '../../metrics/scores/spanScore.ts';
import { familyOf, type EncoderConfig } from '../../model/families/encoderConfig.ts';
import type { WrittenType } from '../../model/weights/safetensors.ts';
import type { Method } from '../../schema/methods.ts';
import type { TaggerHead } from '../../schema/modelRecord.ts';
import type { OnnxFile } from '../../schema/taggerFiles.ts';
import { markdownText } from '../../util/wording.ts';

const methods = {
  STL: 'Single-task learning (STL): one task alone, from pretrained weights',
  'MTL-XC': 'Multi-task learning with everything shared (MTL-XC): all tasks of a category under one head',
  'MTL-LS':
    'Multi-task learning with layer slicing (MTL-LS): lower layers from the category’s MTL-XC, upper ones from pretraining',
  'MTL-PL':
    'Multi-task learning on partial labels (MTL-PL): all tasks of a category under one head of all their types, where what a corpus does not annotate stays open',
  'PL-LS':
    'Layer slicing on partial labels (PL-LS): lower layers from the category’s MTL-PL, upper ones from pretraining',
  AIO: 'All-in-one tags (AIO): all tasks of a category under one head, where words round each text ask for a type',
  'AIO-LS':
    'Layer slicing on all-in-one tags (AIO-LS): lower layers from the category’s AIO, upper ones from pretraining',
  CollaboNet:
    'Collaboration (CollaboNet): one task, from its single-task tagger, reading the LSTMs of the taggers of the category’s other tasks, which are part of these weights',
  Average:
    'Averaged encoders (Average): one task, from the mean of the encoders that were trained on each task of the category alone',
  TIES: 'Merged encoders (TIES, Yadav et al. 2023): one task, from the largest changes of the encoders that were trained on each task of the category alone, where their signs agree',
} as const satisfies Record<Method, string>;

/**
 * Markdown with the front matter of model hubs. `repository`: the pretrained model's source on the hub; null if imported from files. `stored`: the
 * stored configuration. `onnx`: the description of the folder's ONNX graph; null for a folder with the weights of transformers.
 */
export function modelCard(
  head: TaggerHead,
  encoder: Pick<EncoderConfig, 'family'>,
  repository: string | null,
  stored: Readonly<Record<string, unknown>> = {},
  onnx: OnnxFile | null = null,
): string {
  const { types, config, provenance, asked } = head;
  const { caveat, nowhereElse } = exportedForm(encoder);
  const name = `${factsOf(encoder.family).name}${config.head === 'crf' ? '-CRF' : ''}`;
  const library = nowhereElse !== undefined ? 'bioner-lab' : onnx === null ? 'transformers' : 'onnx';
  return [
    frontMatter(repository, library, modelIndex(`${name} tagger for ${types.join(', ')}`, provenance)),
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
    ...(nowhereElse === undefined
      ? [onnx === null ? usage(config.head) : onnxUsage(onnx), ...(caveat === undefined || onnx !== null ? [] : [caveat])]
      : [nowhereElse, wordsOf(stored)]),
    ...(asked === true ? [asking(types)] : []),
    `## Limits`,
    `It knows text like that of its corpora and the types above, expects text cut into tokens as those corpora are, and marks neither nested ` +
      `nor discontinuous mentions. Scores hold for these corpora; they are no promise for other text, and none for clinical use.`,
    ...licenceOf(stored),
    `## Reference`,
    `Chai Z, Jin H, Shi S, Zhan S, Zhuo L, Yang Y. Hierarchical shared transfer learning for biomedical named entity recognition. ` +
      `BMC Bioinformatics 2022, 23:8.`,
  ].join('\n\n').concat('\n'); // prettier-ignore
}

/** The licence and attribution that the configuration states, which all that is made of the weights passes on; else that none is known. */
function licenceOf({ licence }: Readonly<Record<string, unknown>>): readonly string[] {
  if (typeof licence === 'string') {
    return [
      '## Licence',
      `Of these weights, or of those that they were trained from: ${markdownText(licence)} That of further corpora may bind, too.`,
    ];
  }
  return [
    'The licence of the pretrained model is not known here, and that of the corpora may bind too, so this card names none: look it up before ' +
      'passing the weights on.',
  ];
}

/** `index`: the scores as model hubs read them. */
function frontMatter(
  repository: string | null,
  library: 'transformers' | 'onnx' | 'bioner-lab',
  index: readonly ModelResult[],
): string {
  return [
    '---',
    `library_name: ${library}`,
    'pipeline_tag: token-classification',
    // JSON is valid YAML.
    ...(repository === null ? [] : [`base_model: ${JSON.stringify(repository)}`]),
    'tags:',
    ...['named-entity-recognition', 'biomedical', 'crf', 'bioner-lab'].map((tag) => `- ${tag}`),
    ...(index.length === 0 ? [] : ['metrics:', '- precision', '- recall', '- f1', `model-index: ${inYaml(index)}`]),
    '---',
  ].join('\n');
}

/** JSON on one line; YAML would take some characters that JSON leaves as they are for ends of lines. */
function inYaml(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** An entry of `model-index` (Hugging Face, model card metadata). */
interface ModelResult {
  readonly name: string;
  readonly results: readonly {
    readonly task: { readonly type: 'token-classification'; readonly name: string };
    readonly dataset: { readonly type: string; readonly name: string; readonly split: string };
    readonly metrics: readonly { readonly type: string; readonly name: string; readonly value: number }[];
  }[];
}

/** The scores of each split that has any, as shares of 1, as other tools write them. Empty without scores. */
function modelIndex(name: string, { tasks, devel, test }: TaggerHead['provenance']): readonly ModelResult[] {
  const results = tasks.flatMap(({ corpus, type }, index) =>
    ([['validation', devel[index]], ['test', test[index]]] as const).flatMap(([split, scores]) => {
      if (scores == null) return [];
      const { precision, recall, f1 } = scores.lenient.overall;
      const values = { precision, recall, f1, f1_strict: scores.strict.overall.f1 };
      return [{
        task: { type: 'token-classification' as const, name: 'Named entity recognition' },
        dataset: { type: corpus.replace(/[^\p{L}\p{N}._-]+/gu, '-') || 'corpus', name: type === null ? corpus : `${corpus}, ${type}`, split },
        metrics: Object.entries(values).map(([metric, value]) => ({
          type: metric === 'f1_strict' ? 'f1' : metric,
          name: metric === 'f1_strict' ? 'F1, without mentions that break the tag scheme' : `${metric}, exact mentions`,
          value: Number((value / 100).toFixed(6)),
        })),
      }];
    }),
  ); // prettier-ignore
  return results.length === 0 ? [] : [{ name, results }];
}

/** Says where a network of words has its vocabulary and vectors from, as its config.json states it. */
function wordsOf({ words }: Readonly<Record<string, unknown>>): string {
  const { corpora, vectors, language } = wordsOriginSchema.safeParse(words).data ?? { corpora: [], vectors: null };
  const models = language === undefined ? '' : ` ${markdownText(languageText(language))}; they are frozen.`;
  const vocabulary = `Its vocabulary is that of ${corpora.map(markdownText).join(', ') || 'corpora that are not named'}.${models}`;
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

const storedAs = {
  f32: 'in 32 bits',
  f16: 'in 16 bits, which the runtime widens to 32 when it opens the graph',
  int8: 'in 8 bits, with products of integers whose left sides are rounded while they run',
} as const satisfies Record<OnnxFile['precision'], string>;

function onnxUsage({ model, data, precision, crf }: OnnxFile): string {
  const beside = data === null ? '' : `, with its weights in \`${data}\``;
  const decoding =
    crf === null
      ? 'tags are those with the highest emission'
      : 'tags are those of the best path under the CRF, whose weights are also in `onnx.json` for programs that decode by themselves';
  return [
    `\`${model}\`${beside} is an ONNX graph (opset 17) with its weights ${storedAs[precision]}. Inputs are int64 [batch, length], any batch and ` +
      `any length: \`input_ids\`, \`attention_mask\`, \`token_type_ids\` if it has that input, and \`tag_mask\` with 1 at pieces that have a tag. ` +
      `Outputs are \`logits\` [batch, length, tags], the emissions of every piece, and \`tags\` [batch, length], -1 outside \`tag_mask\`; ${decoding}.`,
    'Both programs read one token a line with an empty line between sentences. `tag.py` needs onnxruntime and tokenizers, `tag.js` onnxruntime-node:',
    '```sh\npython tag.py . < tokens.conll > tagged.conll\nnode tag.js . < tokens.conll > tagged.conll\n```',
    'In a page, with the folder beside it:',
    '```js\nimport * as ort from "onnxruntime-web";\nimport { openTagger } from "./tagger/tag.js";\n\n' +
      'const read = async (name) => (await fetch(`./tagger/${name}`)).arrayBuffer();\n' +
      'const tagger = await openTagger(ort, read);\nconsole.log(await tagger.tag([["A", "sentence", "in", "tokens", "."]]));\n```',
    'BioNER Lab itself opens the folder that it exports for transformers, not this one.',
  ].join('\n\n');
}

function asking(types: readonly string[]): string {
  const [first = ''] = types;
  return (
    `Text asks for one type at a time, by the words \`<${first}>\` before and \`</${first}>\` after each sequence. ` +
    `\`tag.py\` and BioNER Lab write them, ask for each type in turn, and keep the longest of mentions that overlap; ` +
    `\`python tag.py . ${first}\` asks for ${markdownText(first)} alone.`
  );
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
  const { modelType, architecture, dropoutMembers, addedMembers } = exportedForm(encoder);
  return {
    ...saved,
    model_type: modelType,
    architectures: [architecture],
    id2label: Object.fromEntries(tags.map((tag, index) => [index, tag])),
    label2id: Object.fromEntries(tags.map((tag, index) => [tag, index])),
    dtype: dtype === 'F16' ? 'float16' : 'float32',
    ...dropoutMembers(config.dropout),
    ...addedMembers?.(encoder as EncoderConfig),
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
