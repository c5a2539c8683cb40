import { describe, expect, it } from 'vitest';
import { newModelConfig, parseModelConfig, toHuggingFaceConfig } from './config.ts';

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
    expect(parse({ rope_theta: 5e5 }).ropeTheta).toBe(5e5);
    expect(parse({ rope_parameters: { rope_theta: 1e5, rope_type: 'default' } }).ropeTheta).toBe(1e5);
    expect(parse({ rope_scaling: null, rope_theta: 2e4 }).ropeTheta).toBe(2e4);
  });

  it('reads grouped heads, an own head width and several stop tokens', () => {
    const config = parse({ num_key_value_heads: 2, head_dim: 32, eos_token_id: [2, 7] });
    expect(config).toMatchObject({ numKvHeads: 2, headDim: 32, eosTokenIds: [2, 7] });
  });

  it.each([
    [{ model_type: 'gpt2' }, 'model_type is "gpt2"'],
    [{ architectures: ['MistralForCausalLM'] }, 'architectures.0 is "MistralForCausalLM"'],
    [{ hidden_act: 'gelu' }, 'hidden_act is "gelu"'],
    [{ rope_scaling: { rope_type: 'llama3', factor: 8 } }, 'rope_scaling.rope_type is "llama3"'],
    [{ rope_scaling: { type: 'linear', factor: 2 } }, 'rope_scaling.rope_type is "linear"'],
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
});
