/**
 * LoRA adapters (arXiv:2106.09685) on a model's linear layers: y = W x + scaling * B (A x). A, B and the scaling are entries of
 * the params record beside the weight they change; projectBy applies them. The base is frozen by giving the optimizer only
 * `trainableByLora`.
 */

import type { Rng } from '../../../lib/rng.ts';
import { loraDelta } from '../../math/lora-delta.ts';
import type { HostTensor } from '../../tensors/compile.ts';
import type { ModelConfig } from '../config.ts';
import { newParam, type Params, param, readFloats } from '../params.ts';
import type { LoraConfig } from './lora-config.ts';
import { isLoraName, loraNames } from './lora-names.ts';
import { type LoraTarget, loraTargets, savedParams } from './lora-targets.ts';

/**
 * The model with a new adapter that changes nothing yet: A uniform in +-1/sqrt(in), which is PEFT's kaiming_uniform with
 * a = sqrt(5), and B zero. The base's variables are shared: use either the old record or the new one.
 * @throws Error naming the field of `lora` that does not fit the model
 */
export function addLora(params: Params, model: { config: ModelConfig; lora: LoraConfig; rng: Rng }): Params {
  const { config, lora, rng } = model;
  // refuses a module that cannot be trained whole before anything is made
  savedParams(config, lora);
  const adapted = { ...params };
  for (const target of loraTargets(config, lora)) {
    const bound = 1 / Math.sqrt(target.numIn);
    const a = Float32Array.from(
      { length: target.rank * target.numIn },
      () => bound * (2 * rng.uniform() - 1),
    );
    setAdapter(adapted, target, { a, b: new Float32Array(target.numOut * target.rank) });
  }
  return adapted;
}

/** Puts one layer's adapter into the record. */
export function setAdapter(
  params: Params,
  { path, rank, scaling, numIn, numOut }: LoraTarget,
  { a, b }: { a: Float32Array; b: Float32Array },
): void {
  const names = loraNames(path);
  params[names.a] = newParam(a, [rank, numIn]);
  params[names.b] = newParam(b, [numOut, rank]);
  params[names.scaling] = newParam(Float32Array.of(scaling), []);
}

/** The parameters that training with an adapter changes: every A and B, and the modules saved whole. */
export function trainableByLora(params: Params, config: ModelConfig, lora: LoraConfig): Params {
  const names = loraTargets(config, lora).flatMap(({ path }) => {
    const { a, b } = loraNames(path);
    return [a, b];
  });
  return Object.fromEntries(
    [...names, ...savedParams(config, lora)].map((name) => [name, param(params, name)]),
  );
}

/** Values of a base parameter as the adapted model uses it: W + scaling * B A where it has an adapter. Copied to the host. */
export function mergedFloats(params: Params, name: string): Float32Array {
  const weight = param(params, name);
  const values = readFloats(weight);
  const names = loraNames(name.replace(/\.weight$/, ''));
  const a = params[names.a];
  if (!a || !name.endsWith('.weight')) return values;
  const rank = a.shape[0] as number;
  const [scaling] = readFloats(param(params, names.scaling));
  const delta = loraDelta({
    a: readFloats(a),
    b: readFloats(param(params, names.b)),
    rank,
    alpha: (scaling as number) * rank,
  });
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + (delta[i] as number);
  return values;
}

/** An independent copy of the model with its adapter merged into the base: plain parameters, as fast as before. */
export function mergeLora(params: Params): Params {
  const merged: Params = {};
  for (const [name, { shape }] of Object.entries(params)) {
    if (!isLoraName(name)) merged[name] = newParam(mergedFloats(params, name), shape);
  }
  return merged;
}

/** The adapter's own tensors by their names in the params record, on the host. */
export function readAdapter(
  params: Params,
  config: ModelConfig,
  lora: LoraConfig,
): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(trainableByLora(params, config, lora)).map(([name, variable]) => [
      name,
      { shape: variable.shape, data: readFloats(variable) },
    ]),
  );
}
