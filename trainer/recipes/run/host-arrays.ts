import type { HostTensor } from '../../tensors/compile.ts';

/** A float32 vector for a compiled step. */
export function floats(values: ArrayLike<number>): HostTensor {
  return { shape: [values.length], data: Float32Array.from(values) };
}

/** An int32 vector for a compiled step. */
export function ints(values: ArrayLike<number>): HostTensor {
  return { shape: [values.length], data: Int32Array.from(values) };
}

/** The one number of a scalar output. */
export function scalarOf(output: HostTensor): number {
  if (output.data.length !== 1)
    throw new Error(`scalarOf: shape [${output.shape.join(', ')}] is not a scalar`);
  return output.data[0] as number;
}
