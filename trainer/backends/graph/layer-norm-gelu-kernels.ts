/** Layer norm and GELU, GPT-2's, as nodes. The math of each is in its file under ops/. */
import { GELU, GELU_CUBIC, GELU_GRADIENT, GELU_LINEAR } from '../../ops/gelu.ts';
import { GELU_ERF, GELU_ERF_GRADIENT } from '../../ops/gelu-erf.ts';
import { LAYER_NORM, LAYER_NORM_GRADIENT } from '../../ops/layer-norm.ts';
import type { TensorInfo } from '../../tensors/tf.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { GraphKernel } from './kernel-registration.ts';
import type { Nodes } from './nodes.ts';

type Inputs<Names extends string> = Record<Names, TensorInfo>;

/** sigmoid(a x + b x^3), and x^2 */
function geluGate(nodes: Nodes, x: NodeOutput): { sigmoid: NodeOutput; square: NodeOutput } {
  const square = nodes.op('Square', [x]);
  const factor = nodes.add(nodes.scale(square, GELU_CUBIC), nodes.float(GELU_LINEAR));
  return { sigmoid: nodes.op('Sigmoid', [nodes.mul(x, factor)]), square };
}

/** The share of a standard normal below x: (1 + erf(x / sqrt(2))) / 2. */
function normalShare(nodes: Nodes, x: NodeOutput): NodeOutput {
  const erf = nodes.op('Erf', [nodes.scale(x, Math.SQRT1_2)]);
  return nodes.scale(nodes.add(erf, nodes.float(1)), 0.5);
}

export const layerNormAndGeluKernels: [string, GraphKernel][] = [
  [
    LAYER_NORM,
    (inputs, { nodes, node, tensor }, { eps }) => {
      const { x, weight, bias } = inputs as Inputs<'x' | 'weight' | 'bias'>;
      const [rows, width] = x.shape as [number, number];
      const mean = nodes.rowSums(node(x), { width, factor: 1 / width });
      const centered = nodes.sub(node(x), mean);
      const variance = nodes.rowSums(nodes.op('Square', [centered]), { width, factor: 1 / width });
      const inverseStd = nodes.op('Rsqrt', [nodes.add(variance, nodes.float(eps))]);
      const y = nodes.add(nodes.mul(nodes.mul(centered, inverseStd), node(weight)), node(bias));
      return [tensor(y, [rows, width]), tensor(mean, [rows, 1]), tensor(inverseStd, [rows, 1])];
    },
  ],
  [
    LAYER_NORM_GRADIENT,
    (inputs, { nodes, node, tensor }) => {
      const { x, weight, mean, inverseStd, dy } = inputs as Inputs<
        'x' | 'weight' | 'mean' | 'inverseStd' | 'dy'
      >;
      const [rows, width] = x.shape as [number, number];
      const normalised = nodes.mul(nodes.sub(node(x), node(mean)), node(inverseStd));
      const g = nodes.mul(node(dy), node(weight));
      const along = nodes.rowSums(nodes.mul(g, normalised), { width, factor: 1 / width });
      const centered = nodes.sub(g, nodes.rowSums(g, { width, factor: 1 / width }));
      const dx = nodes.mul(nodes.sub(centered, nodes.mul(normalised, along)), node(inverseStd));
      const dWeight = nodes.columnSums(nodes.mul(node(dy), normalised), { rows, width });
      const dBias = nodes.columnSums(node(dy), { rows, width });
      return [tensor(dx, [rows, width]), tensor(dWeight, [width]), tensor(dBias, [width])];
    },
  ],
  [
    GELU,
    (inputs, { nodes, node, tensor }) => {
      const { x } = inputs as Inputs<'x'>;
      return tensor(nodes.mul(node(x), geluGate(nodes, node(x)).sigmoid), x.shape);
    },
  ],
  [
    GELU_GRADIENT,
    (inputs, { nodes, node, tensor }) => {
      const { x, dy } = inputs as Inputs<'x' | 'dy'>;
      const { sigmoid, square } = geluGate(nodes, node(x));
      const factor = nodes.add(nodes.scale(square, 3 * GELU_CUBIC), nodes.float(GELU_LINEAR));
      // dy s + d(x f) s (1 - s): TensorFlow's SigmoidGrad is the product g s (1 - s)
      const inner = nodes.mul(nodes.mul(node(dy), node(x)), factor);
      const dSigmoid = nodes.op('SigmoidGrad', [sigmoid, inner]);
      return tensor(nodes.add(nodes.mul(node(dy), sigmoid), dSigmoid), x.shape);
    },
  ],
  [
    GELU_ERF,
    (inputs, { nodes, node, tensor }) => {
      const { x } = inputs as Inputs<'x'>;
      return tensor(nodes.mul(node(x), normalShare(nodes, node(x))), x.shape);
    },
  ],
  [
    GELU_ERF_GRADIENT,
    (inputs, { nodes, node, tensor }) => {
      const { x, dy } = inputs as Inputs<'x' | 'dy'>;
      const bell = nodes.op('Exp', [nodes.scale(nodes.op('Square', [node(x)]), -0.5)]);
      const density = nodes.scale(bell, 1 / Math.sqrt(2 * Math.PI));
      const slope = nodes.add(normalShare(nodes, node(x)), nodes.mul(node(x), density));
      return tensor(nodes.mul(node(dy), slope), x.shape);
    },
  ],
];
