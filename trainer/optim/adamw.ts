/**
 * AdamW over a record of parameters. Moments are kept by parameter NAME: tfjs' own optimizers keep them by position in the
 * gradient list, which mixes them up as soon as the set changes, and cannot be resumed exactly (training.md 2.9).
 */

import type { TensorToWrite } from '../model/files/safetensors.ts';
import { newParam, type Params, readFloats } from '../model/params.ts';
import { adamw } from '../ops/adamw.ts';
import type { HostTensor } from '../tensors/compile.ts';
import { type Scalar, type Tensor, tf, type Variable } from '../tensors/tf.ts';
import { clipScale, globalNorm } from './clip.ts';
import type { Grads } from './value-and-grads.ts';

export type AdamWConfig = {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  maxGradNorm: number;
  /** which parameters decay; by default matrices only, never norms and biases */
  decays?: (name: string, shape: number[]) => boolean;
};

/** The per-step scalars, inputs of the compiled step that calls `update`. */
export type AdamWScalars<T> = { learningRate: T; biasCorrection1: T; biasCorrection2: T };

/** Enough to go on bit for bit: updates done, and both moments of each parameter. */
export type AdamWState = { step: number; moments: Record<string, HostTensor> };

export type AdamW = {
  /** updates begun so far */
  step(): number;
  /** Begins the next update: counts it and gives the scalars to feed to the compiled step. */
  advance(learningRate: number): AdamWScalars<HostTensor>;
  /**
   * Inside a compiled step: clips by the global norm, then changes every parameter and its moments in place.
   * Gives the norm before clipping. @throws Error naming parameters without gradient
   */
  update(grads: Grads, scalars: AdamWScalars<Tensor>): Scalar;
  exportState(): AdamWState;
  /** The same for a file: each moment is read when its turn comes, so that they never lie there all at once. */
  stateToWrite(): { step: number; moments: Record<string, TensorToWrite> };
  /** @throws Error naming a parameter whose moments are missing, left over or of another shape */
  importState(state: AdamWState): void;
  dispose(): void;
};

const FIRST = 'first_moment';
const SECOND = 'second_moment';

/** An optimizer of exactly these parameters; pass a subset of a model's to freeze the rest. */
export function createAdamW(params: Params, config: AdamWConfig): AdamW {
  const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = config;
  const decays = config.decays ?? ((_name, shape) => shape.length >= 2);
  const moments = new Map(
    Object.entries(params).map(([name, variable]) => [
      name,
      { first: zerosLike(variable), second: zerosLike(variable) },
    ]),
  );
  let step = 0;

  return {
    step: () => step,
    advance(learningRate) {
      step++;
      return {
        learningRate: hostScalar(learningRate),
        biasCorrection1: hostScalar(1 - beta1 ** step),
        biasCorrection2: hostScalar(1 - beta2 ** step),
      };
    },
    update(grads, scalars) {
      const missing = [...moments.keys()].filter((name) => !grads[name]);
      if (missing.length > 0) throw new Error(`adamw: no gradient for ${missing.join(', ')}`);
      const norm = globalNorm([...moments.keys()].map((name) => grads[name] as Tensor));
      const gradScale = clipScale(norm, maxGradNorm);
      // the largest last: by then the gradients of all others have been let go of
      const bySize = [...moments].sort((a, b) => a[1].first.size - b[1].first.size);
      for (const [name, { first, second }] of bySize) {
        const variable = params[name] as Variable;
        const decay = decays(name, variable.shape) ? weightDecay : 0;
        adamw(
          {
            param: variable,
            grad: grads[name] as Tensor,
            firstMoment: first,
            secondMoment: second,
            ...scalars,
            gradScale,
          },
          { beta1, beta2, epsilon, weightDecay: decay },
        );
      }
      return norm;
    },
    exportState() {
      const exported: Record<string, HostTensor> = {};
      for (const [name, { first, second }] of moments) {
        exported[`${name}.${FIRST}`] = { shape: first.shape, data: readFloats(first) };
        exported[`${name}.${SECOND}`] = { shape: second.shape, data: readFloats(second) };
      }
      return { step, moments: exported };
    },
    stateToWrite() {
      const lazily = (variable: Variable): TensorToWrite => ({
        shape: variable.shape,
        readFloats: () => readFloats(variable),
      });
      const written = [...moments].flatMap(([name, { first, second }]) => [
        [`${name}.${FIRST}`, lazily(first)] as const,
        [`${name}.${SECOND}`, lazily(second)] as const,
      ]);
      return { step, moments: Object.fromEntries(written) };
    },
    importState(state) {
      const expected = new Set(
        [...moments.keys()].flatMap((name) => [`${name}.${FIRST}`, `${name}.${SECOND}`]),
      );
      const extra = Object.keys(state.moments).filter((key) => !expected.has(key));
      if (extra.length > 0)
        throw new Error(`adamw: state holds moments of unknown parameters: ${extra.join(', ')}`);
      for (const [name, { first, second }] of moments) {
        for (const [suffix, variable] of [
          [FIRST, first],
          [SECOND, second],
        ] as const) {
          const saved = state.moments[`${name}.${suffix}`];
          if (saved?.shape.join() !== variable.shape.join()) {
            const found = saved ? `has shape [${saved.shape}]` : 'is missing';
            throw new Error(`adamw: ${name}.${suffix} ${found}, expected [${variable.shape}]`);
          }
          tf.tidy(() => variable.assign(tf.tensor(saved.data, saved.shape, 'float32')));
        }
      }
      step = state.step;
    },
    dispose() {
      for (const { first, second } of moments.values()) {
        first.dispose();
        second.dispose();
      }
    },
  };
}

function zerosLike(variable: Variable): Variable {
  return newParam(new Float32Array(variable.size), variable.shape);
}

function hostScalar(value: number): HostTensor {
  return { shape: [], data: Float32Array.of(value) };
}
