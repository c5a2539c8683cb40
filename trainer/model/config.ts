/**
 * The model's shape, read from Hugging Face's config.json and written back so that transformers opens it. A field that asks
 * for something this trainer does not compute is refused by name.
 */
import { z } from 'zod';
import { parseFields } from './config-fields.ts';
import { type Gpt2Config, parseGpt2Config, writeGpt2Config } from './gpt2/gpt2-config.ts';
import { type LlamaConfig, parseLlamaConfig, writeLlamaConfig } from './llama/llama-config.ts';

/** Everything the forward pass and the files need to know about a model; `family` tells the kinds apart. */
export type ModelConfig = LlamaConfig | Gpt2Config;

/** Whether the model ends in a score head; else it ends in logits over the vocabulary. */
export function isRewardModel({ architecture }: Pick<ModelConfig, 'architecture'>): boolean {
  return (
    architecture === 'LlamaForSequenceClassification' || architecture === 'GPT2ForSequenceClassification'
  );
}

/** The same trunk with a score head that is not normalised yet. */
export function asRewardModel(config: ModelConfig): ModelConfig {
  const raw = { rewardGain: 1, rewardBias: 0 };
  switch (config.family) {
    case 'llama':
      return { ...config, ...raw, architecture: 'LlamaForSequenceClassification' };
    case 'gpt2':
      return { ...config, ...raw, architecture: 'GPT2ForSequenceClassification' };
  }
}

type ModelShape = Pick<
  ModelConfig,
  'vocabSize' | 'hiddenSize' | 'intermediateSize' | 'numLayers' | 'numHeads' | 'maxPositions'
>;
const shared = (shape: ModelShape) => ({
  numKvHeads: shape.numHeads,
  headDim: shape.hiddenSize / shape.numHeads,
  tieWordEmbeddings: true,
  initializerRange: 0.02,
  bosTokenId: null,
  eosTokenIds: [],
  padTokenId: null,
  rewardGain: 1,
  rewardBias: 0,
});

/** A Llama language model of the given shape with the family's usual defaults for the rest. */
export function newModelConfig(shape: ModelShape & Partial<LlamaConfig>): LlamaConfig {
  const config: LlamaConfig = {
    family: 'llama',
    architecture: 'LlamaForCausalLM',
    ...shared(shape),
    ropeTheta: 10_000,
    ropeScaling: null,
    rmsNormEps: 1e-5,
    attentionBias: false,
    mlpBias: false,
    ...shape,
  };
  return parseLlamaConfig(writeLlamaConfig(config), 'new model');
}

/** A GPT-2 language model of the given shape. */
export function newGpt2Config(shape: ModelShape & Partial<Gpt2Config>): Gpt2Config {
  const config: Gpt2Config = {
    family: 'gpt2',
    architecture: 'GPT2LMHeadModel',
    ...shared(shape),
    activation: 'gelu_new',
    layerNormEps: 1e-5,
    ...shape,
  };
  return parseGpt2Config(writeGpt2Config(config), 'new model');
}

const familySchema = z.looseObject({ model_type: z.enum(['llama', 'gpt2']) });

/**
 * Reads the parsed JSON of a config.json. `source` is named in errors.
 * @throws Error that names every field at fault with its value and what was expected
 */
export function parseModelConfig(json: unknown, source: string): ModelConfig {
  switch (parseFields(familySchema, json, source).model_type) {
    case 'llama':
      return parseLlamaConfig(json, source);
    case 'gpt2':
      return parseGpt2Config(json, source);
  }
}

/** The config.json of a model, with the keys of both older and newer transformers where they differ. */
export function toHuggingFaceConfig(config: ModelConfig): Record<string, unknown> {
  switch (config.family) {
    case 'llama':
      return writeLlamaConfig(config);
    case 'gpt2':
      return writeGpt2Config(config);
  }
}
