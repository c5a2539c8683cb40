/**
 * What a recipe says while it runs. The CLI prints these, the worker stores them as rows, tests collect them.
 * No TensorFlow import here: pages import this file.
 */

/**
 * One text that the model wrote, with what was measured of it. Which figures there are is the recipe's business; each name is
 * defined in docs/metrics.md under "samples". A yes or no is 1 or 0; null is what this world cannot measure.
 */
export type Sample = {
  /** the prompt's messages as text; what the model went on from */
  prompt: string;
  /** without the stop token; empty when nothing else was drawn */
  response: string;
  figures: Record<string, number | null>;
};

/** Parts of a run outside of its steps that may take long, in words. */
export const PHASES = { reference: 'Reading the data with the reference' } as const;
export type Phase = keyof typeof PHASES;

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
      /** how far a part of the run is that comes before its steps; of one that is soon over nothing is said */
      type: 'progress';
      step: number;
      phase: Phase;
      done: number;
      total: number;
      /** wall-clock since the part began */
      seconds: number;
    }
  | {
      type: 'step';
      step: number;
      totalSteps: number;
      metrics: Record<string, number>;
      /** wall-clock of this step by phase, for example generate, score, update */
      seconds: Record<string, number>;
    }
  | { type: 'eval'; step: number; metrics: Record<string, number> }
  | { type: 'sample'; step: number; samples: Sample[] }
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
