import type { Params } from '../model/params.ts';
import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';

/** Gradients by parameter name. */
export type Grads = Record<string, Tensor>;

/**
 * Evaluates `f` and the gradient of its `loss` with respect to every parameter that the loss depends on. The other
 * tensors that `f` returns are passed through (metrics computed on the way). Works inside a compiled step: nothing is read
 * back. A frozen model that `f` calls belongs outside of it, so that its forward pass is not recorded.
 */
export function valueAndGrads<Aux extends Record<string, Tensor>>(
  params: Params,
  f: () => { loss: Scalar } & Aux,
): { loss: Scalar; aux: Omit<Aux, 'loss'>; grads: Grads } {
  const names = Object.keys(params);
  let kept: Record<string, Tensor> = {};
  const { value, grads: gradsByVariable } = tf.variableGrads(() => {
    const { loss, ...aux } = f();
    // variableGrads frees all that it does not return
    kept = Object.fromEntries(
      Object.entries(aux).map(([name, tensor]) => [name, tf.keep(tf.clone(tensor as Tensor))]),
    );
    return loss;
  }, Object.values(params));

  const aux: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(kept)) {
    // the clone belongs to the caller's tidy scope, the kept tensor would belong to none
    aux[name] = tf.clone(tensor);
    tensor.dispose();
  }
  const grads: Grads = {};
  for (const name of names) {
    const grad = gradsByVariable[params[name]?.name as string];
    if (grad) grads[name] = grad;
  }
  return { loss: value as Scalar, aux: aux as Omit<Aux, 'loss'>, grads };
}
