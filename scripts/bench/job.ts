import type { Precision } from '../../trainer/tensors/compile.ts';

/** What a process of either side is told, as JSON in a file. Both sides of a work read the same one. */
export type Job = {
  kind: 'probe' | 'sft' | 'reward' | 'dpo' | 'train' | 'generate';
  /** folder of the model both sides start from */
  model: string;
  threads: number;
  precision: Precision;
  length: number;
  /** rows of each step [steps][rows][length or less], as many tokens in each; for a reward model and DPO chosen and rejected in turn */
  batches: number[][][];
  /** DPO: tokens of the prompt that the two rows of a pair begin with */
  promptLength: number;
  prompts: number[][];
  newTokens: number;
  learningRate: number;
  maxGradNorm: number;
  firstSteps: number;
  stepsPerRound: number;
  rounds: number;
  /** where a side may write */
  folder: string;
  /** file with the two factors of the accuracy probe */
  matrices: string;
};
