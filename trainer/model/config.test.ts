import { describe, expect, it } from 'vitest';
import {
  asRewardModel,
  isRewardModel,
  type ModelConfig,
  newGpt2Config,
  newModelConfig,
  parseModelConfig,
  toHuggingFaceConfig,
} from './config.ts';
import type { RopeScaling } from './llama/rope-scaling.ts';

const plain = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 100,
  hidden_size: 64,
  intermediate_size: 172,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  max_position_embeddings: 128,
};
const parse = (changes: Record<string, unknown>) =>
  parseModelConfig({ ...plain, ...changes }, 'm/config.json');

describe('parseModelConfig', () => {
  it('fills in what older files leave out', () => {
    expect(parse({})).toMatchObject({
      numKvHeads: 4,
      headDim: 16,
      ropeTheta: 10_000,
      rmsNormEps: 1e-6,
      eosTokenIds: [],
      tieWordEmbeddings: false,
    });
  });

  it('reads rope_theta at the top and inside rope_parameters', () => {
    const read = (changes: Record<string, unknown>) => expect(parse(changes));
    read({ rope_theta: 5e5 }).toMatchObject({ ropeTheta: 5e5 });
    read({ rope_parameters: { rope_theta: 1e5, rope_type: 'default' } }).toMatchObject({ ropeTheta: 1e5 });
    read({ rope_scaling: null, rope_theta: 2e4 }).toMatchObject({ ropeTheta: 2e4, ropeScaling: null });
  });

  it('reads rotary scaling in the fields of transformers 4 and 5, old and new name of the type', () => {
    const read = (changes: Record<string, unknown>) => expect(parse(changes));
    const linear = { ropeScaling: { type: 'linear', factor: 2 }, maxPositions: 128 };
    read({ rope_scaling: { type: 'linear', factor: 2 } }).toMatchObject(linear);
    read({ rope_parameters: { rope_type: 'linear', factor: 2 } }).toMatchObject(linear);
    read({ rope_scaling: { type: 'dynamic', factor: 2.5 }, rope_theta: 7 }).toMatchObject({
      ropeTheta: 7,
      ropeScaling: { type: 'dynamic', factor: 2.5, originalMaxPositions: 128 },
      maxPositions: 320,
    });
    const factors = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
    const llama3 = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4 };
    read({ rope_scaling: { ...factors, original_max_position_embeddings: 32 } }).toMatchObject({
      ropeScaling: { ...llama3, originalMaxPositions: 32 },
      maxPositions: 128,
    });
    read({ rope_parameters: { ...factors, rope_theta: 5e5 } }).toMatchObject({
      ropeTheta: 5e5,
      ropeScaling: { ...llama3, originalMaxPositions: 128 },
    });
  });

  it('reads grouped heads, an own head width and several stop tokens', () => {
    const config = parse({ num_key_value_heads: 2, head_dim: 32, eos_token_id: [2, 7] });
    expect(config).toMatchObject({ numKvHeads: 2, headDim: 32, eosTokenIds: [2, 7] });
  });

  it.each([
    [{ model_type: 'mistral' }, 'model_type is "mistral"'],
    [{ architectures: ['MistralForCausalLM'] }, 'architectures.0 is "MistralForCausalLM"'],
    [{ hidden_act: 'gelu' }, 'hidden_act is "gelu"'],
    [{ rope_scaling: { rope_type: 'longrope', factor: 8 } }, 'rope_scaling.rope_type is "longrope"'],
    [{ rope_scaling: { type: 'linear' } }, 'rope_scaling.factor is missing'],
    [{ rope_scaling: { type: 'dynamic', factor: 0.5 } }, 'rope_scaling.factor is 0.5'],
    [
      { rope_parameters: { rope_type: 'llama3', factor: 8, high_freq_factor: 4 } },
      'rope_parameters.low_freq_factor is missing',
    ],
    [
      { rope_parameters: { rope_type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 4 } },
      'rope_parameters.high_freq_factor is 4',
    ],
    [{ head_dim: 2, rope_scaling: { type: 'dynamic', factor: 2 } }, 'head_dim is 2'],
    [{ rope_parameters: { rope_type: 'yarn', rope_theta: 1e4 } }, 'rope_parameters.rope_type is "yarn"'],
    [{ rope_parameters: { partial_rotary_factor: 0.5 } }, 'rope_parameters.partial_rotary_factor is 0.5'],
    [{ vocab_size: undefined }, 'vocab_size is missing'],
    [{ hidden_size: -4 }, 'hidden_size is -4'],
    [{ num_hidden_layers: 1e9 }, 'num_hidden_layers is 1000000000'],
    [{ max_position_embeddings: 1e12 }, 'max_position_embeddings is 1000000000000'],
    [{ hidden_size: 66 }, 'hidden_size is 66'],
    [{ head_dim: 15 }, 'head_dim is 15'],
    [{ num_key_value_heads: 3 }, 'num_key_value_heads is 3'],
    [{ eos_token_id: 100 }, 'eos_token_id is 100'],
    [{ pad_token_id: -1 }, 'pad_token_id is -1'],
    [{ architectures: ['LlamaForSequenceClassification'] }, 'num_labels is 2'],
    [
      { architectures: ['LlamaForSequenceClassification'], id2label: { '0': 'a', '1': 'b' } },
      'num_labels is 2',
    ],
  ])('refuses %j and names the field', (changes, message) => {
    expect(() => parse(changes)).toThrow('m/config.json');
    expect(() => parse(changes)).toThrow(message);
  });

  it('refuses what is no object', () => {
    expect(() => parseModelConfig([], 'm/config.json')).toThrow('(whole file) is []');
  });
});

describe('parseModelConfig of GPT-2', () => {
  const gpt2 = {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: 100,
    n_positions: 128,
    n_embd: 64,
    n_layer: 2,
    n_head: 4,
  };
  const parseGpt2 = (changes: Record<string, unknown>) =>
    parseModelConfig({ ...gpt2, ...changes }, 'm/config.json');

  it('fills in what files leave out', () => {
    expect(parseGpt2({ n_inner: null })).toEqual({
      family: 'gpt2',
      architecture: 'GPT2LMHeadModel',
      vocabSize: 100,
      hiddenSize: 64,
      intermediateSize: 256,
      numLayers: 2,
      numHeads: 4,
      numKvHeads: 4,
      headDim: 16,
      maxPositions: 128,
      activation: 'gelu_new',
      layerNormEps: 1e-5,
      tieWordEmbeddings: true,
      initializerRange: 0.02,
      bosTokenId: null,
      eosTokenIds: [],
      padTokenId: null,
      rewardGain: 1,
      rewardBias: 0,
    });
    expect(parseGpt2({ activation_function: 'gelu' })).toMatchObject({ activation: 'gelu' });
    expect(parseGpt2({ activation_function: 'gelu_pytorch_tanh' })).toMatchObject({ activation: 'gelu_new' });
    expect(parseGpt2({ n_inner: 100, tie_word_embeddings: false })).toMatchObject({
      intermediateSize: 100,
      tieWordEmbeddings: false,
    });
  });

  it.each([
    [{ activation_function: 'gelu_fast' }, 'activation_function is "gelu_fast"'],
    [{ activation_function: 'relu' }, 'activation_function is "relu"'],
    [{ scale_attn_weights: false }, 'scale_attn_weights is false'],
    [{ scale_attn_by_inverse_layer_idx: true }, 'scale_attn_by_inverse_layer_idx is true'],
    [{ add_cross_attention: true }, 'add_cross_attention is true'],
    [{ architectures: ['GPT2DoubleHeadsModel'] }, 'architectures.0 is "GPT2DoubleHeadsModel"'],
    [{ n_embd: 66 }, 'n_embd is 66'],
    [{ n_embd: 60 }, 'n_embd is 60'],
    [{ n_positions: undefined }, 'n_positions is missing'],
    [{ eos_token_id: 50256 }, 'eos_token_id is 50256'],
    [{ architectures: ['GPT2ForSequenceClassification'] }, 'num_labels is 2'],
  ])('refuses %j and names the field', (changes, message) => {
    expect(() => parseGpt2(changes)).toThrow('m/config.json');
    expect(() => parseGpt2(changes)).toThrow(message);
  });
});

describe('toHuggingFaceConfig', () => {
  it('comes back the same, for a language model and a normalised reward model', () => {
    const config = newModelConfig({
      vocabSize: 512,
      hiddenSize: 96,
      intermediateSize: 256,
      numLayers: 3,
      numHeads: 6,
      numKvHeads: 2,
      maxPositions: 64,
      ropeTheta: 12_345,
      attentionBias: true,
      bosTokenId: 1,
      eosTokenIds: [2],
      padTokenId: 0,
    });
    expect(parseModelConfig(JSON.parse(JSON.stringify(toHuggingFaceConfig(config))), 'x')).toEqual(config);
    const reward = {
      ...config,
      architecture: 'LlamaForSequenceClassification' as const,
      eosTokenIds: [2, 3],
      rewardGain: 0.1,
      rewardBias: -1 / 3,
    };
    expect(parseModelConfig(JSON.parse(JSON.stringify(toHuggingFaceConfig(reward))), 'x')).toEqual(reward);
  });

  const there = (config: ModelConfig) =>
    parseModelConfig(JSON.parse(JSON.stringify(toHuggingFaceConfig(config))), 'x');
  const shape = {
    ...{ vocabSize: 512, hiddenSize: 96, intermediateSize: 250, numLayers: 3, numHeads: 6 },
    maxPositions: 64,
  };

  it.each<RopeScaling>([
    { type: 'linear', factor: 4 },
    { type: 'dynamic', factor: 2, originalMaxPositions: 32 },
    { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 16 },
  ])('comes back the same with scaling %j', (ropeScaling) => {
    const config = newModelConfig({ ...shape, ropeScaling });
    expect(config).toMatchObject({ ropeScaling, maxPositions: 64 });
    expect(there(config)).toEqual(config);
    // transformers 4 reads rope_theta and rope_scaling, 5 reads rope_parameters
    const without = (...keys: string[]) =>
      Object.fromEntries(Object.entries(toHuggingFaceConfig(config)).filter(([key]) => !keys.includes(key)));
    expect(parseModelConfig(without('rope_parameters'), 'x')).toEqual(config);
    expect(parseModelConfig(without('rope_scaling', 'rope_theta'), 'x')).toEqual(config);
  });

  it('comes back the same for GPT-2, with either head', () => {
    const config = newGpt2Config({
      ...shape,
      tieWordEmbeddings: false,
      eosTokenIds: [2],
      layerNormEps: 1e-6,
      activation: 'gelu',
    });
    expect(config.architecture).toBe('GPT2LMHeadModel');
    expect(isRewardModel(config)).toBe(false);
    expect(there(config)).toEqual(config);
    const reward = { ...asRewardModel(config), rewardGain: 3, rewardBias: -2 };
    expect(reward.architecture).toBe('GPT2ForSequenceClassification');
    expect(isRewardModel(reward)).toBe(true);
    expect(there(reward)).toEqual(reward);
  });
});
