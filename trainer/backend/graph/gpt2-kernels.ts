/** The fused ops that only GPT-2 uses, as nodes: layer norm and GELU. The math of each is in its file under ops/. */
import { GELU, GELU_CUBIC, GELU_GRADIENT, GELU_LINEAR } from '../../ops/gelu.ts';
import { LAYER_NORM, LAYER_NORM_GRADIENT } from '../../ops/layer-norm.ts';
import type { TensorInfo } from '../tf.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { GraphKernel } from './kernel-registration.ts';
import type { Nodes } from './nodes.ts';

type Inputs<Names extends string> = Record<Names, TensorInfo>;

/** Means over the last axis, [N, 1], as a product with a column. */
function rowMeans(nodes: Nodes, x: NodeOutput, width: number): NodeOutput {
  return nodes.matMul(x, nodes.graph.constant(new Float32Array(width).fill(1 / width), [width, 1]));
}

/** Sums over the first axis, as a row [D]. */
function columnSums(nodes: Nodes, x: NodeOutput, [rows, width]: [number, number]): NodeOutput {
  const row = nodes.graph.constant(new Float32Array(rows).fill(1), [1, rows]);
  return nodes.reshape(nodes.matMul(row, x), [width]);
}

/** sigmoid(a x + b x^3), and x^2 */
function geluGate(nodes: Nodes, x: NodeOutput): { sigmoid: NodeOutput; square: NodeOutput } {
  const square = nodes.op('Square', [x]);
  const factor = nodes.add(nodes.scale(square, GELU_CUBIC), nodes.float(GELU_LINEAR));
  return { sigmoid: nodes.op('Sigmoid', [nodes.mul(x, factor)]), square };
}

export const gpt2Kernels: [string, GraphKernel][] = [
  [
    LAYER_NORM,
    (inputs, { nodes, node, tensor }, { eps }) => {
      const { x, weight, bias } = inputs as Inputs<'x' | 'weight' | 'bias'>;
      const [rows, width] = x.shape as [number, number];
      const mean = rowMeans(nodes, node(x), width);
      const centered = nodes.sub(node(x), mean);
      const variance = rowMeans(nodes, nodes.op('Square', [centered]), width);
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
      const along = rowMeans(nodes, nodes.mul(g, normalised), width);
      const centered = nodes.sub(g, rowMeans(nodes, g, width));
      const dx = nodes.mul(nodes.sub(centered, nodes.mul(normalised, along)), node(inverseStd));
      const dWeight = columnSums(nodes, nodes.mul(node(dy), normalised), [rows, width]);
      const dBias = columnSums(nodes, node(dy), [rows, width]);
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
];
