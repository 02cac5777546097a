// The family DeBERTa-v3 (He et al. 2021): names and shapes of its parameters, and the corresponding tensors of transformers.
import type { EncoderFamily, NamedShapes } from '../../blocks/encoderFamily.ts';
import { EMBEDDING, type Correspondence } from '../../blocks/parameterLocation.ts';
import { bertDropoutMembers, bertNetwork, bertSites, bertSpecials } from '../bert/bertFamily.ts';
import { debertaStates } from './deberta.ts';
import { debertaConfig, distanceRow, type DebertaConfig } from './debertaConfig.ts';

/** The table of distances is shared by all layers, and so it belongs to what is before the first. */
function embeddingShapes({ vocabularySize, hiddenSize: d, span }: DebertaConfig): NamedShapes {
  return [
    [EMBEDDING, [vocabularySize, d]],
    [`${EMBEDDING}.norm.scale`, [d]],
    [`${EMBEDDING}.norm.shift`, [d]],
    [`${EMBEDDING}.relative`, [2 * span, d]],
    [`${EMBEDDING}.relative.norm.scale`, [d]],
    [`${EMBEDDING}.relative.norm.shift`, [d]],
  ];
}

const bertLayers = bertNetwork('deberta.');
/** The layers are those of a BERT, which needs a table of positions. */
const asBert = (config: DebertaConfig) => ({ ...config, positions: 1, segments: 1 });

const embeddingNames: ReadonlyMap<string, string> = new Map([
  [EMBEDDING, 'embeddings.word_embeddings.weight'],
  [`${EMBEDDING}.norm.scale`, 'embeddings.LayerNorm.weight'],
  [`${EMBEDDING}.norm.shift`, 'embeddings.LayerNorm.bias'],
  [`${EMBEDDING}.relative`, 'encoder.rel_embeddings.weight'],
  [`${EMBEDDING}.relative.norm.scale`, 'encoder.LayerNorm.weight'],
  [`${EMBEDDING}.relative.norm.shift`, 'encoder.LayerNorm.bias'],
]);

function debertaTensor(parameter: string, config: DebertaConfig): Correspondence {
  const shape = embeddingShapes(config).find(([name]) => name === parameter)?.[1];
  const name = embeddingNames.get(parameter);
  if (shape !== undefined && name !== undefined) return { name: `deberta.${name}`, shape, transposed: false };
  const ofBert = bertLayers.tensor(parameter, asBert(config));
  return { ...ofBert, name: ofBert.name.replace(/\.self\.(query|key|value)\./, '.self.$1_proj.') };
}

export const deberta: EncoderFamily<DebertaConfig> = {
  readConfig: debertaConfig,
  shapes: (config) => ({ embedding: embeddingShapes(config), layer: bertLayers.shapes(asBert(config)).layer }),
  positions: () => null,
  prefix: 'deberta.',
  tensor: debertaTensor,
  states: debertaStates,
  // Each layer drops from the table of distances.
  sites: (rates) => ({ ...bertSites(rates), position: rates.encoder }),
  design: (config) => ({
    embedding: { kind: 'normed words', last: 'shift' },
    norms: 'after',
    isBiased: true,
    distances: null,
    rotary: null,
    disentangled: { rows: 2 * config.span, rowOf: (distance) => distanceRow(distance, config) },
  }),
  exported: {
    modelType: 'deberta-v2',
    architecture: 'DebertaV2ForTokenClassification',
    dropoutMembers: ({ head, ...rates }) => {
      const { classifier_dropout: classifier, ...others } = bertDropoutMembers({ ...rates, head });
      return { ...others, cls_dropout: classifier ?? head };
    },
    tokenizer: { tokenizer_class: 'DebertaV2Tokenizer', ...bertSpecials },
    configuresNormalizer: false,
    unusedTensors: () => [],
  },
};
