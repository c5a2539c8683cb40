/** Models that transformers and PEFT make for interop.test.ts; `config` is what AutoConfig.for_model takes. */
export type InteropCase = {
  name: string;
  seed: number;
  config: Record<string, unknown>;
  reward: boolean;
  dtype?: 'float32' | 'bfloat16' | 'float16';
  maxShardSize?: string;
  /** arguments of PEFT's LoraConfig */
  lora?: Record<string, unknown>;
};

export const VOCAB = 48;
export const TIME = 20;

const llama = {
  model_type: 'llama',
  vocab_size: VOCAB,
  hidden_size: 32,
  intermediate_size: 40,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 0,
};
const untied = { ...llama, tie_word_embeddings: false };
const reward = { ...llama, num_labels: 1 };
const rope = (scaling: object) => ({ ...llama, rope_parameters: { rope_theta: 10_000, ...scaling } });
const gpt2 = {
  model_type: 'gpt2',
  vocab_size: VOCAB,
  n_embd: 32,
  n_layer: 2,
  n_head: 4,
  n_positions: 64,
  resid_pdrop: 0,
  embd_pdrop: 0,
  attn_pdrop: 0,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 0,
};
const lora = { r: 4, lora_alpha: 12, target_modules: ['q_proj', 'v_proj'], task_type: 'CAUSAL_LM' };

const models: Omit<InteropCase, 'seed'>[] = [
  { name: 'llama-gqa-tied', config: llama, reward: false },
  { name: 'llama-mha-untied', config: { ...untied, num_key_value_heads: 4 }, reward: false },
  { name: 'llama-biases', config: { ...llama, attention_bias: true, mlp_bias: true }, reward: false },
  { name: 'llama-wide-heads', config: { ...untied, head_dim: 12 }, reward: false },
  { name: 'llama-sharded', config: untied, reward: false, maxShardSize: '20KB' },
  { name: 'llama-bf16', config: llama, reward: false, dtype: 'bfloat16' },
  { name: 'llama-f16', config: llama, reward: false, dtype: 'float16' },
  { name: 'llama-reward', config: reward, reward: true },
  { name: 'llama-rope-linear', config: rope({ rope_type: 'linear', factor: 3 }), reward: false },
  {
    name: 'llama-rope-dynamic',
    // fewer positions than the rows have tokens, where the scaling begins
    config: { ...rope({ rope_type: 'dynamic', factor: 2 }), max_position_embeddings: 12 },
    reward: false,
  },
  {
    name: 'llama-rope-llama3',
    config: rope({
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 16,
    }),
    reward: false,
  },
  { name: 'gpt2', config: gpt2, reward: false },
  {
    name: 'gpt2-untied-sharded',
    config: { ...gpt2, tie_word_embeddings: false, n_inner: 40 },
    reward: false,
    maxShardSize: '20KB',
  },
  { name: 'gpt2-reward', config: { ...gpt2, num_labels: 1 }, reward: true },
  { name: 'lora', config: llama, reward: false, lora },
  {
    name: 'lora-everything',
    config: untied,
    reward: false,
    lora: {
      ...lora,
      r: 5,
      use_rslora: true,
      target_modules: 'all-linear',
      rank_pattern: { down_proj: 2 },
      alpha_pattern: { 'layers.1.self_attn.k_proj': 3 },
    },
  },
  {
    name: 'lora-pattern-and-head',
    config: untied,
    reward: false,
    lora: {
      ...lora,
      target_modules: '.*layers\\.1\\..*(up|gate)_proj',
      modules_to_save: ['lm_head', 'norm'],
    },
  },
  {
    name: 'lora-gpt2',
    config: gpt2,
    reward: false,
    lora: { ...lora, target_modules: ['c_attn', 'mlp.c_proj'], fan_in_fan_out: true },
  },
  {
    name: 'lora-gpt2-reward',
    config: { ...gpt2, num_labels: 1 },
    reward: true,
    lora: { ...lora, task_type: 'SEQ_CLS', target_modules: 'all-linear' },
  },
  { name: 'lora-reward', config: reward, reward: true, lora: { ...lora, task_type: 'SEQ_CLS' } },
];

export const INTEROP_CASES: InteropCase[] = models.map((model, i) => ({ ...model, seed: 100 + i }));
