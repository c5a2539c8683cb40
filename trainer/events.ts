/**
 * What a recipe says while it runs. The CLI prints these, the worker stores them as rows, tests collect them.
 * No TensorFlow import here: pages import this file.
 */

/** One sampled episode with every part of its reward, as shown in the samples table of a run. */
export type Episode = {
  prompt: string;
  response: string;
  /** number of response tokens, the stop token included */
  numTokens: number;
  /** whether the response ended by itself (a stop token was drawn) */
  ended: boolean;
  /** reward model score before the missing-EOS rule */
  score: number;
  /** score after the missing-EOS rule and clipping */
  finalScore: number;
  /** sum over tokens of log pi - log pi_ref, in nats */
  kl: number;
  /** -beta * kl */
  klPenalty: number;
  /** finalScore + klPenalty */
  totalReward: number;
  /** true reward where the world has one (toy world), else null */
  trueReward: number | null;
};

export type TrainEvent =
  | {
      type: 'plan';
      recipe: string;
      totalSteps: number;
      config: unknown;
      backend: string;
      /** what the backend computes on: the processor's or GPU's model */
      device: string;
      numParameters: number;
    }
  | { type: 'self-check'; name: string; value: number; tolerance: number }
  | {
      type: 'step';
      step: number;
      totalSteps: number;
      metrics: Record<string, number>;
      /** wall-clock of this step by phase, for example generate, score, update */
      seconds: Record<string, number>;
    }
  | { type: 'eval'; step: number; metrics: Record<string, number> }
  | { type: 'sample'; step: number; episodes: Episode[] }
  | {
      type: 'checkpoint';
      step: number;
      folder: string;
      manifestSha256: string;
      reason: 'scheduled' | 'interrupted' | 'final';
    }
  | { type: 'warning'; step: number; message: string }
  | {
      type: 'done';
      step: number;
      folder: string;
      /** true when stopped on request before totalSteps */
      stopped: boolean;
      summary: Record<string, number>;
    };
