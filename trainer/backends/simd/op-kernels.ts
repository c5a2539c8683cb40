/** The fused ops of training on the simd backend: shapes to addresses, then one or two WebAssembly kernels. */
import { ADAMW, type AdamWCoefficients } from '../../ops/adamw.ts';
import { EMBEDDING, EMBEDDING_GRADIENT } from '../../ops/embedding.ts';
import { expectBelow } from '../../ops/expect-tensor.ts';
import { LINEAR } from '../../ops/linear.ts';
import { RMS_NORM, RMS_NORM_GRADIENT } from '../../ops/rms-norm.ts';
import { SUM_SQUARES } from '../../ops/sum-squares.ts';
import { SWIGLU, SWIGLU_GRADIENT } from '../../ops/swiglu.ts';
import { TOKEN_ENTROPY } from '../../ops/token-entropy.ts';
import { TOKEN_LOG_PROBS, TOKEN_LOG_PROBS_GRADIENT } from '../../ops/token-log-probs.ts';
import type { Tensor, TensorInfo } from '../../tensors/tf.ts';
import { type SimdBackend, sizeOf } from './backend.ts';
import { registerSimdKernel } from './kernel-registration.ts';
import { multiplyMatrices } from './product.ts';

/** Elements of cheap work (a few instructions each) that make a second thread worth waking. */
const CHEAP = 8192;
/** The same where each element costs an exponential. */
const EXPENSIVE = 2048;

type Inputs<Names extends string> = Record<Names, TensorInfo>;
const rowsOf = (info: TensorInfo) => info.shape[0] as number;
const widthOf = (info: TensorInfo) => info.shape[1] as number;
const inverse = (attributes: Record<string, unknown>) => 1 / (attributes.temperature as number);

export function registerOpKernels(): void {
  registerSimdKernel(LINEAR, (inputs, backend) => {
    const { x, weight } = inputs as Inputs<'x' | 'weight'>;
    const [m, k, n] = [rowsOf(x), widthOf(x), rowsOf(weight)];
    const y = backend.output([m, n]);
    const c = backend.pointer(y);
    const a = { pointer: backend.pointer(x), row: k, depth: 1 };
    const b = { pointer: backend.pointer(weight), depth: 1, column: k };
    if (inputs.bias) {
      const args = [n, backend.pointer(inputs.bias), c];
      backend.run({ kernel: 'fillRows', units: m, minimum: CHEAP / n, args });
    }
    multiplyMatrices(backend, { m, n, k, a, b, c, accumulate: Boolean(inputs.bias) });
    return y;
  });

  registerSimdKernel(EMBEDDING, (inputs, backend) => {
    const { weight, ids } = inputs as Inputs<'weight' | 'ids'>;
    expectBelow('embedding: ids', backend.values(ids), rowsOf(weight));
    const [count, width] = [rowsOf(ids), widthOf(weight)];
    const y = backend.output([count, width]);
    const args = [width, backend.pointer(ids), backend.pointer(weight), backend.pointer(y)];
    backend.run({ kernel: 'embedding', units: count, minimum: CHEAP / width, args });
    return y;
  });
  registerSimdKernel(EMBEDDING_GRADIENT, (inputs, backend, { rows }) => {
    const { ids, dy } = inputs as Inputs<'ids' | 'dy'>;
    const [count, width] = [rowsOf(dy), widthOf(dy)];
    const table = backend.zeros([rows as number, width]);
    const args = [count, width, backend.pointer(ids), backend.pointer(dy), backend.pointer(table)];
    backend.run({ kernel: 'embeddingGradient', units: width, cut: 4, minimum: CHEAP / count, args });
    return table;
  });

  registerSimdKernel(RMS_NORM, (inputs, backend, { eps }) => {
    const { x, weight } = inputs as Inputs<'x' | 'weight'>;
    const [rows, width] = [rowsOf(x), widthOf(x)];
    const y = backend.output([rows, width]);
    const inverseRms = backend.output([rows, 1]);
    const addresses = [x, weight, y, inverseRms].map((info) => backend.pointer(info));
    const args = [width, ...addresses, eps as number];
    backend.run({ kernel: 'rmsNorm', units: rows, minimum: CHEAP / width, args });
    return [y, inverseRms];
  });
  registerSimdKernel(RMS_NORM_GRADIENT, (inputs, backend) => {
    const { x, weight, inverseRms, dy } = inputs as Inputs<'x' | 'weight' | 'inverseRms' | 'dy'>;
    const [rows, width] = [rowsOf(x), widthOf(x)];
    const dx = backend.output([rows, width]);
    const dWeight = backend.zeros([width]);
    const forX = [x, weight, inverseRms, dy, dx].map((info) => backend.pointer(info));
    const forWeight = [x, inverseRms, dy, dWeight].map((info) => backend.pointer(info));
    backend.run({ kernel: 'rmsNormGradient', units: rows, minimum: CHEAP / width, args: [width, ...forX] });
    backend.run({
      kernel: 'rmsNormWeightGradient',
      units: width,
      cut: 4,
      minimum: CHEAP / rows,
      args: [rows, width, ...forWeight],
    });
    return [dx, dWeight];
  });

  registerSimdKernel(SWIGLU, (inputs, backend) => {
    const { gate, up } = inputs as Inputs<'gate' | 'up'>;
    const y = backend.output(gate.shape);
    runFlat(backend, 'swiglu', [gate, up, y], EXPENSIVE);
    return y;
  });
  registerSimdKernel(SWIGLU_GRADIENT, (inputs, backend) => {
    const { gate, up, dy } = inputs as Inputs<'gate' | 'up' | 'dy'>;
    const dGate = backend.output(gate.shape);
    const dUp = backend.output(gate.shape);
    runFlat(backend, 'swigluGradient', [gate, up, dy, dGate, dUp], EXPENSIVE);
    return [dGate, dUp];
  });

  registerSimdKernel(TOKEN_LOG_PROBS, (inputs, backend, attributes) => {
    const { logits, targets } = inputs as Inputs<'logits' | 'targets'>;
    const [rows, vocab] = [rowsOf(logits), widthOf(logits)];
    expectBelow('tokenLogProbs: targets', backend.values(targets), vocab);
    const logProbs = backend.output([rows]);
    const logSumExp = backend.output([rows]);
    const addresses = [logits, targets, logProbs, logSumExp].map((info) => backend.pointer(info));
    const args = [vocab, ...addresses, inverse(attributes)];
    backend.run({ kernel: 'tokenLogProbs', units: rows, minimum: EXPENSIVE / vocab, args });
    return [logProbs, logSumExp];
  });
  registerSimdKernel(TOKEN_LOG_PROBS_GRADIENT, (inputs, backend, attributes) => {
    const { logits, targets, logSumExp, dy } = inputs as Inputs<'logits' | 'targets' | 'logSumExp' | 'dy'>;
    const [rows, vocab] = [rowsOf(logits), widthOf(logits)];
    const dLogits = backend.output([rows, vocab]);
    const addresses = [logits, targets, logSumExp, dy, dLogits].map((info) => backend.pointer(info));
    const args = [vocab, ...addresses, inverse(attributes)];
    backend.run({ kernel: 'tokenLogProbsGradient', units: rows, minimum: EXPENSIVE / vocab, args });
    return dLogits;
  });
  registerSimdKernel(TOKEN_ENTROPY, (inputs, backend, attributes) => {
    const { logits } = inputs as Inputs<'logits'>;
    const [rows, vocab] = [rowsOf(logits), widthOf(logits)];
    const entropy = backend.output([rows]);
    const args = [vocab, backend.pointer(logits), backend.pointer(entropy), inverse(attributes)];
    backend.run({ kernel: 'tokenEntropy', units: rows, minimum: EXPENSIVE / vocab, args });
    return entropy;
  });

  registerSimdKernel(ADAMW, (inputs, backend, attributes) => {
    const { grad, learningRate, biasCorrection1, biasCorrection2, gradScale } = inputs as Inputs<
      'grad' | 'learningRate' | 'biasCorrection1' | 'biasCorrection2' | 'gradScale'
    >;
    const { beta1, beta2, epsilon, weightDecay } = attributes as AdamWCoefficients;
    const scalar = (info: TensorInfo) => backend.values(info)[0] as number;
    const rate = scalar(learningRate);
    const [param, firstMoment, secondMoment] = (['param', 'firstMoment', 'secondMoment'] as const).map(
      (name) => backend.pointerForWriting(inputs[name] as Tensor),
    ) as [number, number, number];
    const args = [
      ...[param, backend.pointer(grad), firstMoment, secondMoment, scalar(gradScale)],
      ...[beta1, 1 - beta1, beta2, 1 - beta2],
      ...[1 - rate * weightDecay, rate / scalar(biasCorrection1), 1 / scalar(biasCorrection2), epsilon],
    ];
    backend.run({ kernel: 'adamw', units: sizeOf(grad.shape), cut: 4, minimum: CHEAP, args });
    return [];
  });

  registerSimdKernel(SUM_SQUARES, (inputs, backend) => {
    const { x } = inputs as Inputs<'x'>;
    const size = sizeOf(x.shape);
    const block = backend.threads.constants.get('SUM_SQUARES_BLOCK') as number;
    const units = Math.ceil(size / block);
    const partial = backend.output([units]);
    const args = [size, backend.pointer(x), backend.pointer(partial)];
    backend.run({ kernel: 'sumSquares', units, minimum: 4, args });
    const sum = backend.output([]);
    let total = 0;
    for (const value of backend.values(partial)) total += value;
    backend.values(sum)[0] = total;
    backend.disposeData(partial.dataId);
    return sum;
  });
}

/** Runs a flat kernel over tensors of one size. */
export function runFlat(backend: SimdBackend, kernel: string, tensors: TensorInfo[], minimum: number): void {
  const args = tensors.map((info) => backend.pointer(info));
  backend.run({ kernel, units: sizeOf((tensors[0] as TensorInfo).shape), cut: 4, minimum, args });
}
