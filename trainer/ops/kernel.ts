/**
 * How an op reaches a backend: by the name of a tfjs kernel. The op's file registers a reference for that name on the
 * cpu backend (plain tfjs, the oracle of the tests); simd and any tracing backend register their own under the same name.
 */
import { type Tensor, type TensorInfo, tf } from '../tensors/tf.ts';

export type KernelAttributes = Record<string, number>;

/** Registers the plain tfjs version of a kernel on the cpu backend. Inputs that an op leaves out are undefined. */
export function registerReference(
  name: string,
  reference: (inputs: Record<string, Tensor>, attributes: KernelAttributes) => Tensor | Tensor[],
): void {
  tf.registerKernel({
    kernelName: name,
    backendName: 'cpu',
    // tfjs hands a kernel the very tensors that the op passed, so a composition of tfjs ops can run on them.
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() => reference(inputs as Record<string, Tensor>, attrs as KernelAttributes)) as
        | TensorInfo
        | TensorInfo[],
  });
}

/** Runs a kernel of the active backend that gives one tensor. */
export function runKernel(
  name: string,
  inputs: Record<string, Tensor>,
  attributes: KernelAttributes = {},
): Tensor {
  return tf.engine().runKernel(name, inputs, attributes) as Tensor;
}

/** Runs a kernel of the active backend that gives several tensors, or none when it works in place. */
export function runKernelForMany(
  name: string,
  inputs: Record<string, Tensor>,
  attributes: KernelAttributes = {},
): Tensor[] {
  return tf.engine().runKernel(name, inputs, attributes) as unknown as Tensor[];
}

/**
 * An op with a hand-written gradient. `forward` gives the value and what `backward` needs; `backward` gives one gradient
 * for each of `inputs`, in their order. Tensors that are not differentiated (ids, masks, tables) stay outside `inputs`.
 */
export function withGradient(
  inputs: Tensor[],
  forward: () => { value: Tensor; saved: Tensor[] },
  backward: (dy: Tensor, saved: Tensor[]) => Tensor[],
): Tensor {
  const op = tf.customGrad((...args) => {
    const save = args[args.length - 1] as (tensors: Tensor[]) => void;
    const { value, saved } = forward();
    save(saved);
    return { value, gradFunc: (dy, kept) => backward(dy as Tensor, kept) };
  });
  return op(...inputs);
}
