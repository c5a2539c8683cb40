/** A model's trainable state: plain variables keyed by Hugging Face tensor name. */
import type { HostTensor } from '../tensors/compile.ts';
import { type Tensor, tf, type Variable } from '../tensors/tf.ts';

export type Params = Record<string, Variable>;

/** The variable called `name`. @throws Error with the name when the model has none */
export function param(params: Params, name: string): Variable {
  const variable = params[name];
  if (variable === undefined) throw new Error(`model has no parameter ${name}`);
  return variable;
}

/** The parameters whose names begin with a prefix, under their full names. */
export function paramsUnder(params: Params, prefix: string): Params {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name.startsWith(prefix)));
}

/** A new variable with the given values; float32. */
export function newParam(data: Float32Array, shape: number[]): Variable {
  return tf.tidy(() => tf.variable(tf.tensor(data, shape, 'float32')));
}

/** An independent copy of every parameter, for a frozen reference or a critic. */
export function copyParams(params: Params): Params {
  const copies: Params = {};
  for (const [name, variable] of Object.entries(params)) {
    copies[name] = newParam(readFloats(variable), variable.shape);
  }
  return copies;
}

/** Frees every variable of the record. */
export function disposeParams(params: Params): void {
  for (const variable of Object.values(params)) variable.dispose();
}

/** Number of scalars in all parameters. */
export function countParams(params: Params): number {
  return Object.values(params).reduce((sum, variable) => sum + variable.size, 0);
}

/** Values of every parameter on the host, copied. */
export function readParams(params: Params): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(params).map(([name, variable]) => [
      name,
      { shape: variable.shape, data: readFloats(variable) },
    ]),
  );
}

/** A copy of a float tensor's values: what dataSync returns may be a live view that the next step overwrites. */
export function readFloats(tensor: Tensor): Float32Array {
  return tensor.dataSync<'float32'>().slice();
}
