import { after } from '../ops/after.ts';
import { type Tensor, type Tensor2D, tf } from '../tensors/tf.ts';
import type { Params } from './params.ts';

/**
 * A block of a decoder, x [N, D] to [N, D] or to rows of it, that keeps nothing for the backward pass but its input: there it runs again
 * (Chen et al., Training Deep Nets with Sublinear Memory Cost, arXiv 1604.06174). Values and gradients are those of the
 * plain block, memory for activations falls to that of one block, a step takes about a quarter longer.
 *
 * @param params every parameter that the block reads; one that it does not read has gradient zero
 * @param tables what else it reads: positions, masks and the like, kept along with the input
 */
export function recomputed<Tables extends Record<string, Tensor>>(
  params: Params,
  { xND, tables }: { xND: Tensor2D; tables: Tables },
  block: (xND: Tensor2D, tables: Tables) => Tensor2D,
): Tensor2D {
  const variables: Tensor[] = Object.values(params);
  const names = Object.keys(tables);
  const op = tf.customGrad((...args) => {
    const x = args[0] as Tensor2D;
    const save = args[args.length - 1] as (tensors: Tensor[]) => void;
    save([x, ...Object.values(tables)]);
    return {
      value: block(x, tables),
      gradFunc: (dy, [keptX, ...kept]) => {
        const again = after(keptX as Tensor, dy as Tensor) as Tensor2D;
        const keptTables = Object.fromEntries(names.map((name, i) => [name, kept[i]])) as Tables;
        const inputs = [again, ...variables];
        const grads = gradientsOf(() => block(again, keptTables), inputs, dy as Tensor);
        return grads.map((grad, i) => grad ?? tf.zerosLike(inputs[i] as Tensor));
      },
    };
  });
  return op(xND, ...variables) as Tensor2D;
}

/** Gradients within a gradient. tfjs forgets its tape at the end of the inner ones, and goes on with it afterwards. */
function gradientsOf(f: () => Tensor, inputs: Tensor[], dy: Tensor): (Tensor | undefined)[] {
  const { state } = tf.engine() as unknown as { state: { activeTape: unknown } };
  const tape = state.activeTape;
  try {
    return tf.engine().gradients(f, inputs, dy as never).grads;
  } finally {
    state.activeTape = tape;
  }
}
