import { isRewardModel, type ModelConfig } from './config.ts';
import type { Gpt2Config } from './gpt2/gpt2-config.ts';
import type { LlamaConfig } from './llama/llama-config.ts';

export const SCORE_WEIGHT = 'score.weight';
export const LM_HEAD_WEIGHT = 'lm_head.weight';

/** Every parameter of a model by its Hugging Face name, with its shape, in the order of the layers; linear weights [out, in]. */
export function paramShapes(config: ModelConfig): Map<string, number[]> {
  const shapes = config.family === 'llama' ? llamaShapes(config) : gpt2Shapes(config);
  const { hiddenSize } = config;
  if (isRewardModel(config)) shapes.set(SCORE_WEIGHT, [1, hiddenSize]);
  else if (!config.tieWordEmbeddings) shapes.set(LM_HEAD_WEIGHT, [config.vocabSize, hiddenSize]);
  return shapes;
}

/** The name of the weight [V, D] that turns hidden states into logits: the tied embedding or a head of its own. */
export function outputEmbedding({ family, tieWordEmbeddings }: ModelConfig): string {
  if (!tieWordEmbeddings) return LM_HEAD_WEIGHT;
  return family === 'llama' ? 'model.embed_tokens.weight' : 'transformer.wte.weight';
}

function llamaShapes(config: LlamaConfig): Map<string, number[]> {
  const { hiddenSize, intermediateSize } = config;
  const queryWidth = config.numHeads * config.headDim;
  const keyWidth = config.numKvHeads * config.headDim;
  const shapes = new Map<string, number[]>([['model.embed_tokens.weight', [config.vocabSize, hiddenSize]]]);
  const addLinear = linearsOf(shapes);
  for (let layer = 0; layer < config.numLayers; layer++) {
    const block = `model.layers.${layer}`;
    shapes.set(`${block}.input_layernorm.weight`, [hiddenSize]);
    addLinear(`${block}.self_attn.q_proj`, [queryWidth, hiddenSize], config.attentionBias);
    addLinear(`${block}.self_attn.k_proj`, [keyWidth, hiddenSize], config.attentionBias);
    addLinear(`${block}.self_attn.v_proj`, [keyWidth, hiddenSize], config.attentionBias);
    addLinear(`${block}.self_attn.o_proj`, [hiddenSize, queryWidth], config.attentionBias);
    shapes.set(`${block}.post_attention_layernorm.weight`, [hiddenSize]);
    addLinear(`${block}.mlp.gate_proj`, [intermediateSize, hiddenSize], config.mlpBias);
    addLinear(`${block}.mlp.up_proj`, [intermediateSize, hiddenSize], config.mlpBias);
    addLinear(`${block}.mlp.down_proj`, [hiddenSize, intermediateSize], config.mlpBias);
  }
  shapes.set('model.norm.weight', [hiddenSize]);
  return shapes;
}

function gpt2Shapes({
  vocabSize,
  hiddenSize,
  intermediateSize,
  ...config
}: Gpt2Config): Map<string, number[]> {
  const shapes = new Map<string, number[]>([
    ['transformer.wte.weight', [vocabSize, hiddenSize]],
    ['transformer.wpe.weight', [config.maxPositions, hiddenSize]],
  ]);
  const addLinear = linearsOf(shapes);
  const addNorm = (name: string): void => {
    shapes.set(`${name}.weight`, [hiddenSize]);
    shapes.set(`${name}.bias`, [hiddenSize]);
  };
  for (let layer = 0; layer < config.numLayers; layer++) {
    const block = `transformer.h.${layer}`;
    addNorm(`${block}.ln_1`);
    addLinear(`${block}.attn.c_attn`, [3 * hiddenSize, hiddenSize], true);
    addLinear(`${block}.attn.c_proj`, [hiddenSize, hiddenSize], true);
    addNorm(`${block}.ln_2`);
    addLinear(`${block}.mlp.c_fc`, [intermediateSize, hiddenSize], true);
    addLinear(`${block}.mlp.c_proj`, [hiddenSize, intermediateSize], true);
  }
  addNorm('transformer.ln_f');
  return shapes;
}

const linearsOf =
  (shapes: Map<string, number[]>) =>
  (name: string, shape: [out: number, into: number], hasBias: boolean): void => {
    shapes.set(`${name}.weight`, shape);
    if (hasBias) shapes.set(`${name}.bias`, [shape[0]]);
  };
