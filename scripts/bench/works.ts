/** What is measured beside a peer. Shapes and settings are the same on both sides. */
import type { Precision } from '../../trainer/tensors/compile.ts';

export type BenchModel = '135M' | '3.7M' | '0.86M';

export type Work = {
  name: string;
  peer:
    | 'TRL SFTTrainer'
    | 'TRL RewardTrainer'
    | 'TRL DPOTrainer'
    | 'torch, bare loop'
    | 'transformers generate';
  /** throughput: more is better; peak RSS: less is better, and each round starts both sides anew */
  measures: 'throughput' | 'peak RSS';
  model: BenchModel;
  precision: Precision;
  /** rows of a step or prompts of a generation; for a reward model and DPO pairs, two rows each */
  batch: number;
  /** tokens of a row or of a prompt */
  length: number;
  /** rows of a quarter, a half, three quarters and all of `length` in turn, which the peer pads */
  isUneven?: boolean;
  /** tokens that the two rows of a pair begin with alike, as answers to one prompt do (for DPO the prompt); 0 where it is not said */
  inCommon?: number;
  /** steps or generations in a round: about as many as fill a few seconds */
  stepsPerRound: number;
};

/** Steps before the first round: they warm both sides up, and their losses are compared. */
export const FIRST_STEPS = 10;
/** Tokens that each row of a generation gets. */
export const NEW_TOKENS = 64;
/** TRL's default; the bare loop clips as well, so that both sides do the same work. */
export const MAX_GRAD_NORM = 1;
/** Fine-tuning a real model, or training a small one from random weights. */
export const LEARNING_RATE: Record<BenchModel, number> = { '135M': 1e-5, '3.7M': 1e-3, '0.86M': 1e-3 };
export const NUM_PARAMETERS: Record<BenchModel, number> = {
  '135M': 134.5e6,
  '3.7M': 3.69e6,
  '0.86M': 0.86e6,
};

const float32 = { measures: 'throughput', precision: 'float32' } as const;
const generation = { ...float32, peer: 'transformers generate', length: 64 } as const;
const torch = { ...float32, peer: 'torch, bare loop' } as const;
const row135M = { model: '135M', batch: 4, length: 128, stepsPerRound: 2 } as const;

export const WORKS: Work[] = [
  { ...float32, name: 'SFT 135M, 4 x 128', peer: 'TRL SFTTrainer', ...row135M },
  { ...torch, name: 'SFT 135M, 4 x 128, bf16 matmuls', ...row135M, precision: 'bfloat16' },
  { ...float32, name: 'reward model 135M, 4 pairs x 128', peer: 'TRL RewardTrainer', ...row135M },
  {
    ...float32,
    name: 'SFT 135M, 8 x 32 to 128',
    peer: 'TRL SFTTrainer',
    ...row135M,
    batch: 8,
    isUneven: true,
  },
  {
    ...{ ...float32, name: 'reward model 135M, 4 pairs x 128, 80 of them the prompt' },
    ...{ peer: 'TRL RewardTrainer', ...row135M, inCommon: 80 },
  },
  {
    ...{ ...float32, name: 'DPO 135M, 4 pairs x 128, 80 of them the prompt' },
    ...{ peer: 'TRL DPOTrainer', ...row135M, inCommon: 80 },
  },
  {
    ...{ ...float32, name: 'DPO 135M, 4 pairs x 128, 32 of them the prompt' },
    ...{ peer: 'TRL DPOTrainer', ...row135M, inCommon: 32 },
  },
  { ...torch, name: 'train step 3.7M, 8 x 128', model: '3.7M', batch: 8, length: 128, stepsPerRound: 15 },
  { ...torch, name: 'train step 0.86M, 16 x 64', model: '0.86M', batch: 16, length: 64, stepsPerRound: 40 },
  { ...generation, name: 'generation 135M, 64 + 64, batch 1', model: '135M', batch: 1, stepsPerRound: 1 },
  { ...generation, name: 'generation 135M, 64 + 64, batch 8', model: '135M', batch: 8, stepsPerRound: 1 },
  { ...generation, name: 'generation 135M, 64 + 64, batch 32', model: '135M', batch: 32, stepsPerRound: 1 },
  { ...generation, name: 'generation 0.86M, 64 + 64, batch 32', model: '0.86M', batch: 32, stepsPerRound: 6 },
  { ...torch, name: 'peak RSS, 135M train step', ...row135M, measures: 'peak RSS' },
];

/** What is measured on each backend, without a peer: few steps in a round, since simd is many times slower than native. */
export const BACKEND_WORKS: Work[] = [
  { ...torch, name: 'train step 0.86M, 16 x 64', model: '0.86M', batch: 16, length: 64, stepsPerRound: 8 },
  { ...torch, name: 'train step 3.7M, 8 x 128', model: '3.7M', batch: 8, length: 128, stepsPerRound: 3 },
  { ...generation, name: 'generation 0.86M, 64 + 64, batch 1', model: '0.86M', batch: 1, stepsPerRound: 20 },
  { ...generation, name: 'generation 0.86M, 64 + 64, batch 32', model: '0.86M', batch: 32, stepsPerRound: 4 },
];

/** A guess of a step's or generation's seconds, good enough to weigh what is left against what is done. */
export function roughSeconds(work: Work): number {
  const parameters = NUM_PARAMETERS[work.model];
  if (work.peer === 'transformers generate')
    return NEW_TOKENS * (parameters / 2e9 + 0.002) * (1 + work.batch / 8);
  const tokens = work.batch * work.length * (isOfPairs(work) ? 2 : 1);
  return 0.02 + (6 * parameters * tokens) / 200e9;
}

/** Whether its rows come in pairs, chosen and rejected. */
export function isOfPairs({ peer }: Pick<Work, 'peer'>): boolean {
  return peer === 'TRL RewardTrainer' || peer === 'TRL DPOTrainer';
}
