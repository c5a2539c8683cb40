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
import { type RopeScaling, readRope, ropeFields, writeRope } from './rope-scaling.ts';

export type LlamaConfig = CommonConfig & {
  family: 'llama';
  architecture: 'LlamaForCausalLM' | 'LlamaForSequenceClassification';
  ropeTheta: number;
  ropeScaling: RopeScaling | null;
  rmsNormEps: number;
  attentionBias: boolean;
  mlpBias: boolean;
};

const schema = z.looseObject({
  ...commonFields,
  ...ropeFields,
  architectures: z.array(z.enum(['LlamaForCausalLM', 'LlamaForSequenceClassification'])).length(1),
  model_type: z.literal('llama'),
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: layerCount,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  hidden_act: z.literal('silu').default('silu'),
  rope_interleaved: z.literal(false).optional(),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

export function parseLlamaConfig(json: unknown, source: string): LlamaConfig {
  const fields = parseFields(schema, json, source);
  const { hidden_size: hiddenSize, num_attention_heads: numHeads } = fields;
  const numKvHeads = fields.num_key_value_heads ?? numHeads;
  const names = { width: 'hidden_size', heads: 'num_attention_heads' };
  const headDim = fields.head_dim ?? headDimOf({ hiddenSize, numHeads, source, names });
  if (headDim % 2 !== 0) refuse(source, 'head_dim', headDim, 'rotary positions need an even width');
  if (numHeads % numKvHeads !== 0) {
    const expected = `expected a divisor of num_attention_heads = ${numHeads}`;
    refuse(source, 'num_key_value_heads', numKvHeads, expected);
  }
  const rope = readRope(fields, source);
  if (rope.ropeScaling?.type === 'dynamic' && headDim === 2)
    refuse(source, 'head_dim', headDim, "rope_type 'dynamic' needs more than one frequency");
  const architecture = fields.architectures[0] as LlamaConfig['architecture'];
  return {
    family: 'llama',
    architecture,
    ...readCommonFields(fields, { source, isReward: architecture === 'LlamaForSequenceClassification' }),
    hiddenSize,
    intermediateSize: fields.intermediate_size,
    numLayers: fields.num_hidden_layers,
    numHeads,
    numKvHeads,
    headDim,
    ...rope,
    rmsNormEps: fields.rms_norm_eps,
    tieWordEmbeddings: fields.tie_word_embeddings,
    attentionBias: fields.attention_bias,
    mlpBias: fields.mlp_bias,
  };
}

export function writeLlamaConfig(config: LlamaConfig): Record<string, unknown> {
  return {
    ...writeCommonFields(config, { isReward: config.architecture === 'LlamaForSequenceClassification' }),
    ...writeRope(config),
    architectures: [config.architecture],
    attention_bias: config.attentionBias,
    attention_dropout: 0,
    head_dim: config.headDim,
    hidden_act: 'silu',
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    mlp_bias: config.mlpBias,
    model_type: 'llama',
    num_attention_heads: config.numHeads,
    num_hidden_layers: config.numLayers,
    num_key_value_heads: config.numKvHeads,
    pretraining_tp: 1,
    rms_norm_eps: config.rmsNormEps,
  };
}
