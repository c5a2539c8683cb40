/**
 * Small random models of every kind that a config can ask for, the same on every machine: what transformers computes for them
 * is kept in golden/model-variants.json (written by write-model-variants.ts).
 */

import { createRng } from '../../lib/rng.ts';
import {
  asRewardModel,
  type ModelConfig,
  newGpt2Config,
  newModelConfig,
} from '../../trainer/model/config.ts';
import type { RopeScaling } from '../../trainer/model/llama/rope-scaling.ts';
import { paramShapes } from '../../trainer/model/param-shapes.ts';
import { newParam, type Params } from '../../trainer/model/params.ts';

const VOCAB = 24;
const shape = {
  ...{ vocabSize: VOCAB, hiddenSize: 32, intermediateSize: 40, numLayers: 2, numHeads: 4 },
  ...{ maxPositions: 64, padTokenId: 0 },
};
const llama = newModelConfig(shape);
const grouped = newModelConfig({ ...shape, numKvHeads: 2 });
const gpt2 = newGpt2Config(shape);
const linear: RopeScaling = { type: 'linear', factor: 2.5 };
const llama3: RopeScaling = {
  type: 'llama3',
  factor: 4,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalMaxPositions: 32,
};
/** sequences here are longer than 32 */
const dynamic: RopeScaling = { type: 'dynamic', factor: 2, originalMaxPositions: 32 };

export const modelVariants: Record<string, ModelConfig> = {
  llama,
  'llama grouped': grouped,
  'llama untied': { ...grouped, tieWordEmbeddings: false },
  'llama attention bias': { ...grouped, attentionBias: true },
  'llama mlp bias': { ...grouped, mlpBias: true },
  'llama own head width': { ...grouped, headDim: 12 },
  'llama other base and eps': { ...grouped, ropeTheta: 500, rmsNormEps: 1e-3 },
  'llama linear': { ...grouped, ropeScaling: linear },
  'llama dynamic': { ...grouped, ropeScaling: dynamic },
  'llama llama3': { ...grouped, ropeTheta: 500, ropeScaling: llama3 },
  'llama everything': {
    ...{ ...grouped, tieWordEmbeddings: false, attentionBias: true, mlpBias: true },
    ...{ headDim: 12, ropeScaling: llama3 },
  },
  'llama reward': asRewardModel(grouped),
  gpt2,
  'gpt2 untied': { ...gpt2, tieWordEmbeddings: false },
  'gpt2 exact gelu': { ...gpt2, activation: 'gelu' },
  'gpt2 other eps': { ...gpt2, layerNormEps: 1e-2 },
  'gpt2 reward': asRewardModel(gpt2),
};

/** Parameters of which none is 0 or 1, so that each has its say. */
export function variantParams(config: ModelConfig): Params {
  const rng = createRng(11, 'variant');
  return Object.fromEntries(
    Array.from(paramShapes(config), ([name, size]) => {
      const isNorm = /(norm|ln_[12f])\.weight$/.test(name);
      const count = size.reduce((product, axis) => product * axis, 1);
      const data = Float32Array.from({ length: count }, () => (isNorm ? 1 : 0) + 0.2 * rng.normal());
      return [name, newParam(data, size)];
    }),
  );
}

export const TIME = 40;
/** tokens of each row that generation starts from: it goes past 32 */
export const PROMPT = 28;
export const NEW_TOKENS = 8;
/** Two rows of tokens, none of them the pad; the first 13 places of the second are padding. */
export const rows: number[][] = [0, 1].map((row) =>
  Array.from({ length: TIME }, (_, t) =>
    row === 1 && t < 13 ? 0 : 1 + ((5 * t + 7 * row + ((t * t) >> 2)) % (VOCAB - 1)),
  ),
);
/** Where logits are compared: the places in [B*T]. */
export const compared: number[] = [3, 30, TIME - 1, TIME + 14, 2 * TIME - 1];

/** `gradNorms`: the norm of the loss's gradient for each parameter, in the order of their names. */
export type VariantGolden = { logits: number[]; greedy: number[][]; loss: number; gradNorms: number[] };
