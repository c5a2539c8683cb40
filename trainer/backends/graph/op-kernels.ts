/** The fused ops of training as a few nodes each. The math of each is in its file under ops/. */
import { ADAMW, type AdamWCoefficients } from '../../ops/adamw.ts';
import { AFTER } from '../../ops/after.ts';
import { EMBEDDING, EMBEDDING_GRADIENT } from '../../ops/embedding.ts';
import { LINEAR } from '../../ops/linear.ts';
import { RMS_NORM, RMS_NORM_GRADIENT } from '../../ops/rms-norm.ts';
import { SUM_SQUARES } from '../../ops/sum-squares.ts';
import { SWIGLU, SWIGLU_GRADIENT } from '../../ops/swiglu.ts';
import { TOKEN_ENTROPY } from '../../ops/token-entropy.ts';
import { TOKEN_LOG_PROBS, TOKEN_LOG_PROBS_GRADIENT } from '../../ops/token-log-probs.ts';
import type { TensorInfo, Variable } from '../../tensors/tf.ts';
import { asColumns, isByColumns, knownColumns, ofColumns } from './columns.ts';
import type { NodeOutput } from './graph-writer.ts';
import type { GraphKernel, KernelContext } from './kernel-registration.ts';
import { FEW_ROWS } from './nodes.ts';

type Inputs<Names extends string> = Record<Names, TensorInfo>;
/** Elements from which on memory is worth more than another node. */
const LARGE = 2 ** 18;

/** Rows from which on a weight is a vocabulary's. */
const MANY_ROWS = 8192;

const rowsOf = (info: TensorInfo) => info.shape[0] as number;
const widthOf = (info: TensorInfo) => info.shape[1] as number;

/** A large tensor of the forward pass for the backward pass to compute from anew, see `after`; a small one as it is. */
function late(
  x: TensorInfo,
  dy: TensorInfo,
  { nodes, node }: Pick<KernelContext, 'nodes' | 'node'>,
): NodeOutput {
  const size = x.shape.reduce((product, axis) => product * axis, 1);
  return size >= LARGE ? nodes.after(node(x), node(dy)) : node(x);
}

export const opKernels: [string, GraphKernel][] = [
  [
    LINEAR,
    (inputs, context) => {
      const { nodes, node, tensor } = context;
      const { x, weight } = inputs as Inputs<'x' | 'weight'>;
      const shape: [number, number] = [rowsOf(x), rowsOf(weight)];
      // a head with one output stays in float32: it costs nothing, and its scores are compared
      const multiply = rowsOf(weight) === 1 ? nodes.matMul : nodes.product;
      // by a vocabulary it is faster from two rows on
      const isHead = rowsOf(x) > 1 && rowsOf(x) <= FEW_ROWS && rowsOf(weight) >= MANY_ROWS;
      const product =
        isHead || isByColumns(rowsOf(x))
          ? ofColumns(context, multiply.call(nodes, node(weight), asColumns(context, x)), shape)
          : tensor(multiply.call(nodes, node(x), node(weight), { b: true }), shape);
      return inputs.bias ? tensor(nodes.op('BiasAdd', [node(product), node(inputs.bias)]), shape) : product;
    },
  ],
  [
    EMBEDDING,
    (inputs, { nodes, node, tensor }) => {
      const { weight, ids } = inputs as Inputs<'weight' | 'ids'>;
      return tensor(nodes.gather(node(weight), node(ids)), [rowsOf(ids), widthOf(weight)]);
    },
  ],
  [
    EMBEDDING_GRADIENT,
    (inputs, { nodes, node, tensor, trace }, { rows }) => {
      const { ids, dy } = inputs as Inputs<'ids' | 'dy'>;
      const y = nodes.graph.pure('UnsortedSegmentSum', [node(dy), node(ids), nodes.int(rows)], {
        T: { type: 'float32' },
        Tindices: { type: 'int32' },
        Tnumsegments: { type: 'int32' },
      });
      trace.scattered.set(y, { ids: node(ids), rows: node(dy) });
      return tensor(y, [rows, widthOf(dy)]);
    },
  ],
  [
    RMS_NORM,
    (inputs, context, { eps }) => {
      const { nodes, node, tensor } = context;
      const { x, weight } = inputs as Inputs<'x' | 'weight'>;
      const [rows, width] = [rowsOf(x), widthOf(x)];
      const columns = knownColumns(context, x);
      if (columns) {
        const square = nodes.reduce('Mean', nodes.op('Square', [columns]), { axes: [0], keep: true });
        const inverse = nodes.op('Rsqrt', [nodes.add(square, nodes.float(eps))]);
        const scaled = nodes.mul(nodes.mul(columns, inverse), nodes.reshape(node(weight), [width, 1]));
        return [
          ofColumns(context, scaled, [rows, width]),
          tensor(nodes.reshape(inverse, [rows, 1]), [rows, 1]),
        ];
      }
      const meanSquare = nodes.rowMeans(nodes.op('Square', [node(x)]), { rows, width });
      const inverseRms = nodes.op('Rsqrt', [nodes.add(meanSquare, nodes.float(eps))]);
      const y = nodes.mul(nodes.mul(node(x), inverseRms), node(weight));
      return [tensor(y, [rows, width]), tensor(inverseRms, [rows, 1])];
    },
  ],
  [
    RMS_NORM_GRADIENT,
    (inputs, { nodes, node, tensor }) => {
      const { x, weight, inverseRms, dy } = inputs as Inputs<'x' | 'weight' | 'inverseRms' | 'dy'>;
      const [rows, width] = [rowsOf(x), widthOf(x)];
      const normalised = nodes.mul(late(x, dy, { nodes, node }), node(inverseRms));
      const along = nodes.mul(node(dy), normalised);
      // sum over d of dy * weight * normalised: the weight as a column does both
      const projection = nodes.matMul(along, nodes.reshape(node(weight), [width, 1]));
      const meanAlong = nodes.mul(normalised, nodes.scale(projection, 1 / width));
      const g = nodes.mul(node(dy), node(weight));
      const dx = nodes.mul(nodes.sub(g, meanAlong), node(inverseRms));
      const dWeight = nodes.columnSums(along, { rows, width });
      return [tensor(dx, [rows, width]), tensor(dWeight, [width])];
    },
  ],
  [
    SWIGLU,
    (inputs, context) => {
      const { nodes, node, tensor } = context;
      const { gate, up } = inputs as Inputs<'gate' | 'up'>;
      const swiglu = (g: NodeOutput, u: NodeOutput) => nodes.mul(nodes.mul(g, nodes.op('Sigmoid', [g])), u);
      const [gateColumns, upColumns] = [knownColumns(context, gate), knownColumns(context, up)];
      return gateColumns && upColumns
        ? ofColumns(context, swiglu(gateColumns, upColumns), [rowsOf(gate), widthOf(gate)])
        : tensor(swiglu(node(gate), node(up)), gate.shape);
    },
  ],
  [
    SWIGLU_GRADIENT,
    (inputs, { nodes, node, tensor }) => {
      const { gate, up, dy } = inputs as Inputs<'gate' | 'up' | 'dy'>;
      const gateAgain = late(gate, dy, { nodes, node });
      const sigmoid = nodes.op('Sigmoid', [gateAgain]);
      // silu' = s + g s (1 - s), and SigmoidGrad is s (1 - s) times its second input
      const slope = nodes.add(sigmoid, nodes.op('SigmoidGrad', [sigmoid, gateAgain]));
      const dGate = nodes.mul(nodes.mul(node(dy), node(up)), slope);
      const dUp = nodes.mul(node(dy), nodes.mul(gateAgain, sigmoid));
      return [tensor(dGate, gate.shape), tensor(dUp, gate.shape)];
    },
  ],
  [
    // the second output, log-sum-exp elsewhere, is here p - onehot, which TensorFlow gives along with the loss
    TOKEN_LOG_PROBS,
    (inputs, { nodes, node, tensor }, { temperature }) => {
      const { logits, targets } = inputs as Inputs<'logits' | 'targets'>;
      const scaled = nodes.scale(node(logits), 1 / temperature);
      const [loss, slope] = nodes.many('SparseSoftmaxCrossEntropyWithLogits', [scaled, node(targets)], {
        attributes: { T: { type: 'float32' }, Tlabels: { type: 'int32' } },
        count: 2,
      }) as [NodeOutput, NodeOutput];
      return [tensor(nodes.op('Neg', [loss]), [rowsOf(logits)]), tensor(slope, logits.shape)];
    },
  ],
  [
    TOKEN_LOG_PROBS_GRADIENT,
    (inputs, { nodes, node, tensor, trace }, { temperature }) => {
      const { logits, logSumExp, dy } = inputs as Inputs<'logits' | 'logSumExp' | 'dy'>;
      const factorsN1 = nodes.reshape(nodes.scale(node(dy), -1 / temperature), [rowsOf(logits), 1]);
      const y = nodes.mul(node(logSumExp), factorsN1);
      trace.rowScaled.set(y, { matrix: node(logSumExp), factorsN1 });
      return tensor(y, logits.shape);
    },
  ],
  [
    TOKEN_ENTROPY,
    (inputs, { nodes, node, tensor }, { temperature }) => {
      const { logits } = inputs as Inputs<'logits'>;
      const [rows, width] = [rowsOf(logits), widthOf(logits)];
      const logProbs = nodes.op('LogSoftmax', [nodes.scale(node(logits), 1 / temperature)]);
      const terms = nodes.mul(nodes.op('Exp', [logProbs]), logProbs);
      const sums = nodes.reshape(nodes.rowSums(terms, { width }), [rows]);
      return tensor(nodes.op('Neg', [sums]), [rows]);
    },
  ],
  [
    AFTER,
    (inputs, { nodes, node, tensor }) => {
      const { x, other } = inputs as Inputs<'x' | 'other'>;
      const y = nodes.after(node(x), node(other));
      return tensor(y, x.shape);
    },
  ],
  [
    SUM_SQUARES,
    (inputs, { nodes, node, tensor }) => {
      const { x } = inputs as Inputs<'x'>;
      return tensor(nodes.scale(nodes.op('L2Loss', [node(x)]), 2), []);
    },
  ],
  [
    ADAMW,
    (inputs, { nodes, node, trace }, attributes) => {
      const { param, firstMoment, secondMoment } = inputs as unknown as Record<
        'param' | 'firstMoment' | 'secondMoment',
        Variable
      >;
      const { grad, learningRate, biasCorrection1, biasCorrection2, gradScale } = inputs as Inputs<
        'grad' | 'learningRate' | 'biasCorrection1' | 'biasCorrection2' | 'gradScale'
      >;
      const { beta1, beta2, epsilon, weightDecay } = attributes as AdamWCoefficients;
      // Large parameters are updated one after another: as soon as the norm is known all updates could begin, and each
      // needs a scaled gradient and a decayed copy of its own.
      const isLarge = param.size >= LARGE;
      const turn = isLarge && trace.lastUpdate ? [`^${trace.lastUpdate}`] : [];
      const times = (a: NodeOutput, b: NodeOutput, after: NodeOutput[]) =>
        nodes.graph.node({ op: 'Mul', inputs: [a, b, ...after], attributes: { T: { type: 'float32' } } });
      const scaledGrad = times(node(grad), node(gradScale), turn);
      if (weightDecay !== 0) {
        const kept = nodes.sub(nodes.float(1), nodes.scale(node(learningRate), weightDecay));
        // the gradient is there before the decayed copy is made
        const decayed = times(node(param), kept, [`^${scaledGrad}`]);
        trace.write(param, (handle, after) =>
          nodes.graph.node({
            op: 'AssignVariableOp',
            inputs: [handle, decayed, ...after],
            attributes: { dtype: { type: 'float32' } },
          }),
        );
      }
      // TensorFlow's rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + e) is torch's with e * sqrt(1 - b2^t). The powers are
      // given as 0 and the corrections put into rate and e: 1 - b2^t from a rounded b2^t would lose half its digits.
      const correction = nodes.op('Sqrt', [node(biasCorrection2)]);
      const rate = nodes.op('RealDiv', [nodes.mul(node(learningRate), correction), node(biasCorrection1)]);
      const scalars = [
        ...[nodes.float(0), nodes.float(0), rate, nodes.float(beta1), nodes.float(beta2)],
        nodes.scale(correction, epsilon),
      ];
      trace.write(firstMoment, (first, afterFirst) => {
        let update = '';
        trace.write(secondMoment, (second, afterSecond) => {
          trace.write(param, (handle, after) => {
            update = nodes.graph.node({
              op: 'ResourceApplyAdam',
              inputs: [
                ...[handle, first, second, ...scalars, scaledGrad],
                ...[...after, ...afterFirst, ...afterSecond],
              ],
              attributes: {
                T: { type: 'float32' },
                use_locking: { bool: false },
                use_nesterov: { bool: false },
              },
            });
            return update;
          });
          return update;
        });
        if (isLarge) trace.lastUpdate = update;
        return update;
      });
      return [];
    },
  ],
];
