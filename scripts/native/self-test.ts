/**
 * Checks an installed native backend and measures its matrix product beside simd's: `self-test.ts native|cuda`. Prints one
 * line of JSON; ends with an error that names the check that failed.
 */
import { availableParallelism } from 'node:os';
import { type BackendName, chooseBackend } from '../../trainer/backends/choose.ts';
import { deviceName } from '../../trainer/backends/device-name.ts';
import { type Addon, loadAddon } from '../../trainer/backends/graph/addon.ts';
import { disposeParams, newParam, readFloats } from '../../trainer/model/params.ts';
import { linear } from '../../trainer/ops/linear.ts';
import { type AdamWScalars, createAdamW } from '../../trainer/optim/adamw.ts';
import { valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { compile, type HostTensor } from '../../trainer/tensors/compile.ts';
import { type Tensor, tf } from '../../trainer/tensors/tf.ts';

export type SelfTestResult = {
  version: string;
  device: string;
  /** GFLOP/s of a float32 matrix product */
  native: number;
  simd: number;
  bfloat16: number;
  checks: string[];
};

const SIZE = 512;
const ROUNDS = 3;
const BFLOAT16 = 14;
const FLOAT = 1;

const backend = process.argv[2] as BackendName;
const checks: string[] = [];
const check = (name: string, difference: number, tolerance: number): void => {
  if (!(difference <= tolerance)) throw new Error(`${name}: off by ${difference}, tolerance ${tolerance}`);
  checks.push(name);
};

await chooseBackend('simd', { threads: Math.min(2, availableParallelism()) });
const onSimd = await trainSteps();
const simd = await matmulSpeed();
await chooseBackend(backend);
const addon = loadAddon();
const onNative = await trainSteps();
for (const name of ['a traced graph', 'gradient', 'fused Adam'] as const)
  check(name, largestDifference(onNative[name], onSimd[name]), 1e-4);
const native = await matmulSpeed();
const bfloat16 = await bfloat16Speed(addon);

// a CUDA build that sees no GPU runs on the processor, and says so
const device = deviceName(addon.isUsingGpuDevice() ? 'cuda' : 'native');
const result: SelfTestResult = { version: addon.TF_Version, device, native, simd, bfloat16, checks };
console.log(JSON.stringify(result));
process.exit(0);

/** A few AdamW steps of a linear regression: its losses, the norms of its gradients, its weights at the end. */
async function trainSteps(): Promise<Record<'a traced graph' | 'gradient' | 'fused Adam', number[]>> {
  const next = (i: number): number => Math.sin(i * 12.9898) * 0.5;
  const host = (shape: [number, number], shift: number): HostTensor => ({
    shape,
    data: Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => next(i + shift)),
  });
  const weight = host([8, 16], 7);
  const params = { weight: newParam(weight.data as Float32Array, weight.shape) };
  const optimizer = createAdamW(params, {
    ...{ beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 },
  });
  const step = compile('self-test', (inputs: Record<'x' | 'y', Tensor> & AdamWScalars<Tensor>) => {
    const { loss, grads } = valueAndGrads(params, () => ({
      loss: tf.mean(tf.square(tf.sub(linear(inputs.x, params.weight), inputs.y))),
    }));
    return { loss, norm: optimizer.update(grads, inputs) };
  });
  const losses: number[] = [];
  const norms: number[] = [];
  for (let i = 0; i < 5; i++) {
    const inputs = { x: host([32, 16], i), y: host([32, 8], 3 * i), ...optimizer.advance(0.01) };
    const { loss, norm } = await step(inputs);
    losses.push(loss.data[0] as number);
    norms.push(norm.data[0] as number);
  }
  const weights = [...readFloats(params.weight)];
  optimizer.dispose();
  disposeParams(params);
  return { 'a traced graph': losses, gradient: norms, 'fused Adam': weights };
}

/** GFLOP/s of x W^T, chained so that the border to JavaScript does not count. */
async function matmulSpeed(): Promise<number> {
  const chain = 8;
  const step = compile('speed', ({ x, w }: Record<'x' | 'w', Tensor>) => {
    let y: Tensor = x;
    for (let i = 0; i < chain; i++) y = linear(y, w);
    return { sum: tf.sum(y) };
  });
  const square = (): HostTensor => ({
    shape: [SIZE, SIZE],
    data: new Float32Array(SIZE * SIZE).fill(1 / SIZE),
  });
  const inputs = { x: square(), w: square() };
  const { sum } = await step(inputs);
  check(`matmul on ${tf.getBackend()}`, Math.abs((sum.data[0] as number) / SIZE - 1), 1e-3);
  return fastest(() => step(inputs), 2 * SIZE ** 3 * chain);
}

/** GFLOP/s with float32 in and out and the product in bfloat16, as the raw ops give it. */
async function bfloat16Speed(addon: Addon): Promise<number> {
  const type = (name: string, value: number) => ({ name, type: addon.TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean) => ({ name, type: addon.TF_ATTR_BOOL, value });
  const cast = (from: number, to: number, id: number): number =>
    addon.executeOp('Cast', [type('SrcT', from), type('DstT', to), flag('Truncate', false)], [id], 1)[0]
      ?.id as number;
  const x = addon.createTensor([SIZE, SIZE], FLOAT, new Float32Array(SIZE * SIZE).fill(1 / SIZE));
  const low = cast(FLOAT, BFLOAT16, x);
  const attributes = [type('T', BFLOAT16), flag('transpose_a', false), flag('transpose_b', true)];
  const product = (): number => addon.executeOp('MatMul', attributes, [low, low], 1)[0]?.id as number;
  const first = product();
  const back = cast(BFLOAT16, FLOAT, first);
  check('bfloat16', Math.abs((addon.tensorDataSync(back)[0] as number) * SIZE - 1), 1e-2);
  const speed = await fastest(
    () => {
      for (let i = 0; i < 4; i++) addon.deleteTensor(product());
    },
    8 * SIZE ** 3,
  );
  for (const id of [x, low, first, back]) addon.deleteTensor(id);
  return speed;
}

async function fastest(work: () => unknown, flops: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return Math.round(flops / best / 1e6);
}

function largestDifference(a: number[], b: number[]): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}
