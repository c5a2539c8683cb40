import { z } from 'zod';
import {
  type CommonConfig,
  commonFields,
  count,
  headDimOf,
  layerCount,
  parseFields,
  readCommonFields,
  refuse,
  writeCommonFields,
} from '../config-fields.ts';

export type Gpt2Config = CommonConfig & {
  family: 'gpt2';
  architecture: 'GPT2LMHeadModel' | 'GPT2ForSequenceClassification';
  /** `gelu_new` is the tanh form, `gelu` the one with the error function */
  activation: 'gelu_new' | 'gelu';
  layerNormEps: number;
};

const schema = z.looseObject({
  ...commonFields,
  architectures: z.array(z.enum(['GPT2LMHeadModel', 'GPT2ForSequenceClassification'])).length(1),
  model_type: z.literal('gpt2'),
  n_positions: count,
  n_embd: count,
  n_layer: layerCount,
  n_head: count,
  n_inner: count.nullish(),
  activation_function: z.enum(['gelu_new', 'gelu_pytorch_tanh', 'gelu']).default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  // the order of the same float32 operations: either value is computed alike here
  reorder_and_upcast_attn: z.boolean().default(false),
  add_cross_attention: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(true),
});

export function parseGpt2Config(json: unknown, source: string): Gpt2Config {
  const fields = parseFields(schema, json, source);
  const { n_embd: hiddenSize, n_head: numHeads } = fields;
  const headDim = headDimOf({ hiddenSize, numHeads, source, names: { width: 'n_embd', heads: 'n_head' } });
  // attention is the one with rotary positions, which turns pairs
  if (headDim % 2 !== 0)
    refuse(source, 'n_embd', hiddenSize, `expected an even number for each of ${numHeads} heads`);
  const architecture = fields.architectures[0] as Gpt2Config['architecture'];
  return {
    family: 'gpt2',
    architecture,
    ...readCommonFields(fields, { source, isReward: architecture === 'GPT2ForSequenceClassification' }),
    hiddenSize,
    intermediateSize: fields.n_inner ?? 4 * hiddenSize,
    numLayers: fields.n_layer,
    numHeads,
    numKvHeads: numHeads,
    headDim,
    maxPositions: fields.n_positions,
    // gelu_pytorch_tanh is another name for the same function
    activation: fields.activation_function === 'gelu' ? 'gelu' : 'gelu_new',
    layerNormEps: fields.layer_norm_epsilon,
    tieWordEmbeddings: fields.tie_word_embeddings,
  };
}

export function writeGpt2Config(config: Gpt2Config): Record<string, unknown> {
  const { hiddenSize, intermediateSize } = config;
  return {
    ...writeCommonFields(config, { isReward: config.architecture === 'GPT2ForSequenceClassification' }),
    activation_function: config.activation,
    add_cross_attention: false,
    architectures: [config.architecture],
    attn_pdrop: 0,
    embd_pdrop: 0,
    layer_norm_epsilon: config.layerNormEps,
    model_type: 'gpt2',
    n_embd: hiddenSize,
    n_head: config.numHeads,
    n_inner: intermediateSize === 4 * hiddenSize ? null : intermediateSize,
    n_layer: config.numLayers,
    n_positions: config.maxPositions,
    reorder_and_upcast_attn: false,
    resid_pdrop: 0,
    scale_attn_by_inverse_layer_idx: false,
    scale_attn_weights: true,
  };
}
