import type { HostTensor } from './host-tensor.ts';
import type { Tensor } from './tf.ts';

/** What the products of a model's matrices are computed in; everything else, and every sum, is float32. */
export type Precision = 'float32' | 'bfloat16';
export type Step = (inputs: Record<string, Tensor>) => Record<string, Tensor>;
export type RunStep = (inputs: Record<string, HostTensor>) => Promise<Record<string, HostTensor>>;

/** What a backend offers beside its kernels; `compile` and the recipes see no more of it. */
export type StepBackend = {
  /**
   * @param name for errors
   * @throws Error when the backend has no such precision, or at a run, when the step does what it cannot do
   */
  compileStep(name: string, step: Step, options: { precision: Precision }): RunStep;
  /** whether it takes time to prepare a step for each new set of input shapes: fewer shapes are then worth some padding */
  preparesShapes: boolean;
};
