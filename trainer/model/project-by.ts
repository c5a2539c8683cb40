import type { Tensor, Tensor2D } from '../backend/tf.ts';
import { linear } from '../ops/linear.ts';
import { type Params, param } from './params.ts';

/** One linear layer of a decoder: x [N, I] by `<path>.weight` [O, I] and, where the model has one, `<path>.bias`; gives [N, O]. */
export function projectBy(params: Params, path: string, inputNI: Tensor): Tensor2D {
  return linear(inputNI, param(params, `${path}.weight`), params[`${path}.bias`]);
}
