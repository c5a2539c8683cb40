/** The scalar head of reward model and critic: one weight row `score.weight` [1, D] and no bias, as transformers has it. */

import type { Rng } from '../../lib/rng.ts';
import { linear } from '../ops/linear.ts';
import { type Tensor, type Tensor1D, tf } from '../tensors/tf.ts';
import { asRewardModel, type ModelConfig } from './config.ts';
import { LM_HEAD_WEIGHT, SCORE_WEIGHT } from './param-shapes.ts';
import { newParam, type Params, param } from './params.ts';

/** 1 / sqrt(d + 1): a score of unit-scale hidden states starts with variance about 1 (training.md R9). */
export function scoreHeadStd(config: ModelConfig): number {
  return 1 / Math.sqrt(config.hiddenSize + 1);
}

/** Scores [M] of hidden states [M, D], after the reward normalisation of the config (training.md R10). */
export function scoreHidden(params: Params, config: ModelConfig, hiddenMD: Tensor): Tensor1D {
  const rawM1 = linear(hiddenMD, param(params, SCORE_WEIGHT));
  const rawM = tf.reshape(rawM1, [-1]) as Tensor1D;
  if (config.rewardGain === 1 && config.rewardBias === 0) return rawM;
  return tf.add(tf.mul(rawM, config.rewardGain), config.rewardBias);
}

/**
 * Turns a language model into a reward model: same trunk variables, no LM head, a new score head.
 * The trunk is shared, not copied: use either the old record or the new one. A separate lm_head is freed.
 */
export function addScoreHead(
  params: Params,
  config: ModelConfig,
  rng: Rng,
): { params: Params; config: ModelConfig } {
  if (params[SCORE_WEIGHT]) throw new Error(`model already has ${SCORE_WEIGHT}`);
  const { [LM_HEAD_WEIGHT]: languageHead, ...trunk } = params;
  languageHead?.dispose();
  const std = scoreHeadStd(config);
  const data = Float32Array.from({ length: config.hiddenSize }, () => std * rng.normal());
  return {
    params: { ...trunk, [SCORE_WEIGHT]: newParam(data, [1, config.hiddenSize]) },
    config: asRewardModel(config),
  };
}
