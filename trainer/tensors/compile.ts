import { activeStepBackend } from './active-backend.ts';
import type { HostTensor } from './host-tensor.ts';
import type { Precision, RunStep, Step, StepBackend } from './step-backend.ts';
import type { Tensor } from './tf.ts';

export type { HostTensor, Precision };

/** A host array for each tensor that a step takes; an optional one is left out, not undefined. */
export type HostInputs<I> = { [name in keyof I]: HostTensor };

/**
 * Turns a pure function of tensors into a function of host arrays. Inside `step` there is no read-back and no branch on
 * data: the active backend calls it each time (simd, cpu), or once for each set of shapes and keeps what it made of it
 * (native). Trainable state is `tf.Variable`s that the step closes over, changed only by the ops made for it.
 * All other tensors made in the step are freed when it ends; the outputs are copies. They come as a promise, since a GPU
 * has them later; whoever calls waits for one step before the next, and never inside tf.tidy.
 * @param name says in errors which step it was
 * @param options.precision of the products of matrices; bfloat16 halves their cost on native, the other backends refuse it
 * @throws Error (as a rejection) when an input does not fit its shape, or an output is missing or of another dtype
 */
export function compile<I extends { [name in keyof I]: Tensor | undefined }, O extends string>(
  name: string,
  step: (inputs: I) => Record<O, Tensor>,
  { precision = 'float32' }: { precision?: Precision } = {},
): (inputs: HostInputs<I>) => Promise<Record<O, HostTensor>> {
  const compiled = new Map<StepBackend, RunStep>();
  return async (given) => {
    const inputs = given as Record<string, HostTensor>;
    for (const key in inputs) checkInput(`${name}: input ${key}`, inputs[key] as HostTensor);
    const backend = activeStepBackend();
    let run = compiled.get(backend);
    if (!run) {
      run = backend.compileStep(name, step as unknown as Step, { precision });
      compiled.set(backend, run);
    }
    return (await run(inputs)) as Record<O, HostTensor>;
  };
}

function checkInput(argument: string, { shape, data }: HostTensor): void {
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (!(data instanceof Float32Array) && !((data as unknown) instanceof Int32Array)) {
    throw new Error(
      `${argument} is ${Object.prototype.toString.call(data)}, expected Float32Array or Int32Array`,
    );
  }
  if (size !== data.length || shape.some((axis) => !Number.isInteger(axis) || axis < 0)) {
    throw new Error(
      `${argument} has ${data.length} elements, expected ${size} for shape [${shape.join(', ')}]`,
    );
  }
}
