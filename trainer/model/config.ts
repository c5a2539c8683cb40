/**
 * The model's shape, read from Hugging Face's config.json and written back so that transformers opens it.
 * Llama family only; a field that asks for something this trainer does not compute is refused by name.
 */
import { z } from 'zod';

/** Everything the forward pass and the files need to know about a model. */
export type ModelConfig = LlamaConfig;

export type LlamaConfig = {
  family: 'llama';
  architecture: 'LlamaForCausalLM' | 'LlamaForSequenceClassification';
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  numLayers: number;
  numHeads: number;
  /** key/value heads; fewer than numHeads is grouped-query attention */
  numKvHeads: number;
  headDim: number;
  maxPositions: number;
  ropeTheta: number;
  rmsNormEps: number;
  tieWordEmbeddings: boolean;
  attentionBias: boolean;
  mlpBias: boolean;
  initializerRange: number;
  bosTokenId: number | null;
  eosTokenIds: number[];
  padTokenId: number | null;
  /** reward = rewardGain * score + rewardBias (training.md R10); 1 and 0 until the reward model is normalised */
  rewardGain: number;
  rewardBias: number;
};

/** Whether the model ends in a score head; else it ends in logits over the vocabulary. */
export function isRewardModel(config: Pick<ModelConfig, 'architecture'>): boolean {
  return config.architecture === 'LlamaForSequenceClassification';
}

/** The same trunk with a score head that is not normalised yet. */
export function asRewardModel(config: ModelConfig): ModelConfig {
  return { ...config, architecture: 'LlamaForSequenceClassification', rewardGain: 1, rewardBias: 0 };
}

type ModelShape = Pick<
  ModelConfig,
  'vocabSize' | 'hiddenSize' | 'intermediateSize' | 'numLayers' | 'numHeads' | 'maxPositions'
>;

/** A causal-LM config of the given shape with the family's usual defaults for the rest. */
export function newModelConfig(shape: ModelShape & Partial<ModelConfig>): ModelConfig {
  const config: ModelConfig = {
    family: 'llama',
    architecture: 'LlamaForCausalLM',
    numKvHeads: shape.numHeads,
    headDim: shape.hiddenSize / shape.numHeads,
    ropeTheta: 10_000,
    rmsNormEps: 1e-5,
    tieWordEmbeddings: true,
    attentionBias: false,
    mlpBias: false,
    initializerRange: 0.02,
    bosTokenId: null,
    eosTokenIds: [],
    padTokenId: null,
    rewardGain: 1,
    rewardBias: 0,
    ...shape,
  };
  return parseModelConfig(toHuggingFaceConfig(config), 'new model');
}

/** Sizes beyond any model that fits here: a hostile config must not make us allocate or loop without end. */
const count = z
  .number()
  .int()
  .positive()
  .max(2 ** 24);
const tokenId = z.number().int().min(0).nullable().default(null);
const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.literal(1).optional(),
});

const huggingFaceSchema = z.looseObject({
  architectures: z.array(z.enum(['LlamaForCausalLM', 'LlamaForSequenceClassification'])).length(1),
  model_type: z.literal('llama'),
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count.max(1000),
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  max_position_embeddings: count,
  hidden_act: z.literal('silu').default('silu'),
  rope_theta: z.number().positive().nullish(),
  rope_parameters: ropeSchema.nullish(),
  rope_scaling: ropeSchema.nullish(),
  rope_interleaved: z.literal(false).optional(),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  initializer_range: z.number().positive().default(0.02),
  bos_token_id: tokenId,
  eos_token_id: z.union([z.number().int().min(0), z.array(z.number().int().min(0))]).nullish(),
  pad_token_id: tokenId,
  num_labels: z.literal(1).optional(),
  id2label: z.record(z.string(), z.string()).nullish(),
  plumbline_reward_gain: z.number().default(1),
  plumbline_reward_bias: z.number().default(0),
});

/**
 * Reads the parsed JSON of a config.json. `source` is named in errors.
 * @throws Error that names every field at fault with its value and what was expected
 */
export function parseModelConfig(json: unknown, source: string): ModelConfig {
  const parsed = huggingFaceSchema.safeParse(json);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map((issue) => {
      const path = issue.path.map(String);
      return `${path.join('.') || '(whole file)'} is ${shown(valueAt(json, path))}: ${issue.message}`;
    });
    throw new Error(`${source}: not a model this trainer supports: ${reasons.join('; ')}`);
  }
  const fields = parsed.data;
  for (const key of ['rope_parameters', 'rope_scaling'] as const) {
    const type = fields[key]?.rope_type ?? fields[key]?.type ?? 'default';
    if (type !== 'default')
      refuse(source, `${key}.rope_type`, type, "only 'default' (no scaling) is supported");
  }
  const numHeads = fields.num_attention_heads;
  const numKvHeads = fields.num_key_value_heads ?? numHeads;
  const headDim = fields.head_dim ?? fields.hidden_size / numHeads;
  if (!Number.isInteger(headDim)) {
    refuse(
      source,
      'hidden_size',
      fields.hidden_size,
      `expected a multiple of num_attention_heads = ${numHeads}`,
    );
  }
  if (headDim % 2 !== 0) refuse(source, 'head_dim', headDim, 'rotary positions need an even width');
  if (numHeads % numKvHeads !== 0) {
    refuse(
      source,
      'num_key_value_heads',
      numKvHeads,
      `expected a divisor of num_attention_heads = ${numHeads}`,
    );
  }
  const architecture = fields.architectures[0] as ModelConfig['architecture'];
  if (architecture === 'LlamaForSequenceClassification') {
    const labels = fields.id2label ? Object.keys(fields.id2label).length : (fields.num_labels ?? 2);
    if (labels !== 1) refuse(source, 'num_labels', labels, 'a reward model has exactly one label');
  }
  const eos = fields.eos_token_id ?? [];
  const config: ModelConfig = {
    family: 'llama',
    architecture,
    vocabSize: fields.vocab_size,
    hiddenSize: fields.hidden_size,
    intermediateSize: fields.intermediate_size,
    numLayers: fields.num_hidden_layers,
    numHeads,
    numKvHeads,
    headDim,
    maxPositions: fields.max_position_embeddings,
    ropeTheta: fields.rope_parameters?.rope_theta ?? fields.rope_theta ?? 10_000,
    rmsNormEps: fields.rms_norm_eps,
    tieWordEmbeddings: fields.tie_word_embeddings,
    attentionBias: fields.attention_bias,
    mlpBias: fields.mlp_bias,
    initializerRange: fields.initializer_range,
    bosTokenId: fields.bos_token_id,
    eosTokenIds: Array.isArray(eos) ? eos : [eos],
    padTokenId: fields.pad_token_id,
    rewardGain: fields.plumbline_reward_gain,
    rewardBias: fields.plumbline_reward_bias,
  };
  const ids = {
    bos_token_id: [config.bosTokenId],
    eos_token_id: config.eosTokenIds,
    pad_token_id: [config.padTokenId],
  };
  for (const [field, values] of Object.entries(ids)) {
    const outside = values.find((id) => id !== null && id >= config.vocabSize);
    if (outside !== undefined)
      refuse(source, field, outside, `expected an id below vocab_size = ${config.vocabSize}`);
  }
  return config;
}

/** The config.json of a model, with the keys of both older and newer transformers where they differ. */
export function toHuggingFaceConfig(config: ModelConfig): Record<string, unknown> {
  const isReward = isRewardModel(config);
  return {
    architectures: [config.architecture],
    attention_bias: config.attentionBias,
    attention_dropout: 0,
    bos_token_id: config.bosTokenId,
    dtype: 'float32',
    eos_token_id: config.eosTokenIds.length > 1 ? config.eosTokenIds : (config.eosTokenIds[0] ?? null),
    head_dim: config.headDim,
    hidden_act: 'silu',
    hidden_size: config.hiddenSize,
    ...(isReward ? { id2label: { '0': 'LABEL_0' }, label2id: { LABEL_0: 0 } } : {}),
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    mlp_bias: config.mlpBias,
    model_type: 'llama',
    num_attention_heads: config.numHeads,
    num_hidden_layers: config.numLayers,
    num_key_value_heads: config.numKvHeads,
    pad_token_id: config.padTokenId,
    ...(isReward
      ? { plumbline_reward_gain: config.rewardGain, plumbline_reward_bias: config.rewardBias }
      : {}),
    pretraining_tp: 1,
    rms_norm_eps: config.rmsNormEps,
    rope_parameters: { rope_theta: config.ropeTheta, rope_type: 'default' },
    rope_theta: config.ropeTheta,
    tie_word_embeddings: config.tieWordEmbeddings,
    torch_dtype: 'float32',
    use_cache: true,
    vocab_size: config.vocabSize,
  };
}

function refuse(source: string, field: string, value: unknown, expected: string): never {
  throw new Error(`${source}: not a model this trainer supports: ${field} is ${shown(value)}: ${expected}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value)).slice(0, 120);
}

function valueAt(json: unknown, path: string[]): unknown {
  let value = json;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
