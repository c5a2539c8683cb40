import { linear } from '../../ops/linear.ts';
import { type Tensor, type Tensor2D, tf } from '../../tensors/tf.ts';
import { type Params, param } from '../params.ts';
import { loraNames } from './lora-names.ts';

/**
 * One linear layer of a decoder: x [N, I] by `<path>.weight` [O, I] and, where the model has one, `<path>.bias`; gives [N, O].
 * An adapter on the layer adds scaling * B (A x); the scaling goes onto the narrow A x [N, R].
 */
export function projectBy(params: Params, path: string, inputNI: Tensor): Tensor2D {
  const outputNO = linear(inputNI, param(params, `${path}.weight`), params[`${path}.bias`]);
  const names = loraNames(path);
  const a = params[names.a];
  if (!a) return outputNO;
  const downNR = tf.mul(linear(inputNI, a), param(params, names.scaling));
  return tf.add(outputNO, linear(downNR, param(params, names.b)));
}
