import { type Tensor, type Tensor2D, tf } from '../tensors/tf.ts';
import { expectTensor } from './expect-tensor.ts';
import { registerReference, runKernel } from './kernel.ts';

export const LINEAR = 'PlumblineLinear';

/** Plain tfjs: x W^T (+ b). */
export function linearReference(xND: Tensor, weightOD: Tensor, biasO?: Tensor): Tensor {
  const yNO = tf.matMul(xND, weightOD, false, true);
  return biasO ? tf.add(yNO, biasO) : yNO;
}

registerReference(LINEAR, ({ x, weight, bias }) => linearReference(x as Tensor, weight as Tensor, bias));

// A registered gradient, not a customGrad: tfjs then computes only those of the three that somebody asked for, which
// saves a third of the work wherever x or the weight is frozen.
tf.registerGradient({
  kernelName: LINEAR,
  inputsToSave: ['x', 'weight'],
  gradFunc: (dyNO, [x, weight]) => ({
    x: () => tf.matMul(dyNO as Tensor2D, weight as Tensor2D),
    weight: () => tf.matMul(dyNO as Tensor2D, x as Tensor2D, true, false),
    bias: () => tf.sum(dyNO as Tensor2D, 0),
  }),
});

/**
 * `x W^T (+ b)`: x [N, D], weight [O, D] as Hugging Face stores it, bias [O]; gives [N, O].
 * @throws Error when the shapes do not fit
 */
export function linear(xND: Tensor, weightOD: Tensor, biasO?: Tensor): Tensor2D {
  expectTensor('linear: x', xND, [null, weightOD.shape[1] ?? null]);
  expectTensor('linear: weight', weightOD, [null, null]);
  const inputs: Record<string, Tensor> = { x: xND, weight: weightOD };
  if (biasO) {
    expectTensor('linear: bias', biasO, [weightOD.shape[0] as number]);
    inputs.bias = biasO;
  }
  return runKernel(LINEAR, inputs) as Tensor2D;
}
