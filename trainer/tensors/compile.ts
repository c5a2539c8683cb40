import { NativeBackend } from '../backends/graph/backend.ts';
import { CompiledStep } from '../backends/graph/compiled-step.ts';
import type { Precision } from '../backends/graph/nodes.ts';
import type { HostTensor } from './host-tensor.ts';
import { type Tensor, tf } from './tf.ts';

export type { HostTensor, Precision };

/** A host array for each tensor that a step takes; an optional one is left out, not undefined. */
export type HostInputs<I> = { [name in keyof I]: HostTensor };

/**
 * Turns a pure function of tensors into a synchronous function of host arrays. Inside `step` there is no read-back and no
 * branch on data: the simd and cpu backends run it each time, native runs it once for each set of shapes and keeps the
 * graph. Trainable state is `tf.Variable`s that the step closes over, changed only by the ops made for it.
 * All other tensors made in the step are freed when it ends; the outputs are copies.
 * @param name says in errors which step it was
 * @param options.precision of the products of matrices; bfloat16 halves their cost on native, the other backends refuse it
 * @throws Error when an input does not fit its shape, or an output is missing or of another dtype
 */
export function compile<I extends { [name in keyof I]: Tensor | undefined }, O extends string>(
  name: string,
  step: (inputs: I) => Record<O, Tensor>,
  { precision = 'float32' }: { precision?: Precision } = {},
): (inputs: HostInputs<I>) => Record<O, HostTensor> {
  const run = step as unknown as (inputs: Record<string, Tensor>) => Record<O, Tensor>;
  const graphs = new CompiledStep(name, run, precision);
  return (given) => {
    const hostInputs = given as Record<string, HostTensor>;
    if (tf.backend() instanceof NativeBackend) {
      for (const key in hostInputs) checkInput(`${name}: input ${key}`, hostInputs[key] as HostTensor);
      return graphs.run(hostInputs) as Record<O, HostTensor>;
    }
    if (precision !== 'float32')
      throw new Error(`${name}: precision ${precision} needs the native backend, this is ${tf.getBackend()}`);
    const hostOutputs = {} as Record<O, HostTensor>;
    // Nothing is returned from tidy: it would search the outputs for tensors element by element.
    tf.tidy(() => {
      const inputs: Record<string, Tensor> = {};
      for (const key in hostInputs)
        inputs[key] = toTensor(`${name}: input ${key}`, hostInputs[key] as HostTensor);
      const outputs = run(inputs);
      for (const key in outputs) hostOutputs[key] = toHost(`${name}: output ${key}`, outputs[key]);
    });
    return hostOutputs;
  };
}

function toTensor(argument: string, { shape, data }: HostTensor): Tensor {
  checkInput(argument, { shape, data });
  // A copy: tfjs would keep the caller's array, which the caller may fill anew for the next step.
  return tf.tensor(data.slice(), shape, data instanceof Float32Array ? 'float32' : 'int32');
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

function toHost(argument: string, tensor: Tensor): HostTensor {
  if (!(tensor instanceof tf.Tensor)) throw new Error(`${argument} is ${typeof tensor}, expected a tensor`);
  const data = tensor.dataSync();
  if (tensor.dtype === 'float32') return { shape: [...tensor.shape], data: Float32Array.from(data) };
  if (tensor.dtype === 'int32') return { shape: [...tensor.shape], data: Int32Array.from(data) };
  throw new Error(`${argument} is ${tensor.dtype}, expected float32 or int32`);
}
