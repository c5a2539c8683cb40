import { isRewardModel, type ModelConfig } from './config.ts';

export const SCORE_WEIGHT = 'score.weight';
export const LM_HEAD_WEIGHT = 'lm_head.weight';

/** The name of the weight [V, D] that turns hidden states into logits: the tied embedding or a head of its own. */
export function outputEmbedding(config: ModelConfig): string {
  return config.tieWordEmbeddings ? 'model.embed_tokens.weight' : LM_HEAD_WEIGHT;
}

/** Every tensor of a model by its Hugging Face name, with its shape, in the order of the layers. */
export function paramShapes(config: ModelConfig): Map<string, number[]> {
  const { hiddenSize, intermediateSize } = config;
  const queryWidth = config.numHeads * config.headDim;
  const keyWidth = config.numKvHeads * config.headDim;
  const shapes = new Map<string, number[]>([['model.embed_tokens.weight', [config.vocabSize, hiddenSize]]]);
  const addLinear = (name: string, shape: [out: number, into: number], hasBias: boolean): void => {
    shapes.set(`${name}.weight`, shape);
    if (hasBias) shapes.set(`${name}.bias`, [shape[0]]);
  };
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
  if (isRewardModel(config)) shapes.set(SCORE_WEIGHT, [1, hiddenSize]);
  else if (!config.tieWordEmbeddings) shapes.set(LM_HEAD_WEIGHT, [config.vocabSize, hiddenSize]);
  return shapes;
}
