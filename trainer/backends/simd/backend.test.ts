import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { adamw } from '../../ops/adamw.ts';
import { embedding } from '../../ops/embedding.ts';
import { linear } from '../../ops/linear.ts';
import { rmsNorm } from '../../ops/rms-norm.ts';
import { ropeAttention } from '../../ops/rope-attention.ts';
import { sumSquares } from '../../ops/sum-squares.ts';
import { swiglu } from '../../ops/swiglu.ts';
import { tokenLogProbs } from '../../ops/token-log-probs.ts';
import { type Scalar, type Tensor, tf, type Variable } from '../../tensors/tf.ts';
import { chooseBackend } from '../choose.ts';
import { randomIds, randomTensor } from '../op-testing.ts';
import { simdBackend } from './register.ts';

beforeEach(async () => {
  await chooseBackend('simd', { threads: 2 });
});
afterEach(() => vi.restoreAllMocks());

/** A small model's whole step, large enough that every kernel is split; gives all that came out. */
function wholeStep(): Float32Array[] {
  return tf.tidy(() => {
    const [batch, time, width, vocab] = [3, 70, 72, 90];
    const n = batch * time;
    const heads = { numHeads: 6, numKvHeads: 3, headDim: 12 };
    const variables = {
      table: [vocab, width],
      norm: [width],
      q: [72, width],
      k: [36, width],
      v: [36, width],
      gate: [200, width],
      up: [200, width],
      down: [width, 200],
    };
    const entries = Object.entries(variables).map(([name, shape], i) => {
      const initial = name === 'norm' ? tf.ones(shape) : randomTensor(shape, 10 + i, 0.2);
      return [name, tf.tidy(() => tf.variable(initial))] as const;
    });
    const p = Object.fromEntries(entries) as Record<keyof typeof variables, Variable>;
    const table = {
      cos: tf.cos(randomTensor([time, 6], 3, 3)),
      sin: tf.sin(randomTensor([time, 6], 3, 3)),
      positionsBT: randomIds([batch, time], time, 4),
      maskBT: tf.onesLike(randomIds([batch, time], 2, 5)),
    };
    const { value, grads } = tf.variableGrads(() => {
      const x = embedding(p.table, randomIds([n], vocab, 6));
      const h = rmsNorm(x, p.norm, 1e-5);
      const attended = ropeAttention(
        { q: linear(h, p.q), k: linear(h, p.k), v: linear(h, p.v), ...table },
        heads,
      );
      const y = tf.add(x, attended) as Tensor;
      const z = linear(swiglu(linear(y, p.gate), linear(y, p.up)), p.down);
      return tf.neg(tf.mean(tokenLogProbs(linear(z, p.table), randomIds([n], vocab, 7)))) as Scalar;
    });
    const outputs: Tensor[] = [value, ...entries.map(([, variable]) => grads[variable.name] as Tensor)];
    for (const [, variable] of entries) {
      const moments = [tf.variable(tf.zeros(variable.shape)), tf.variable(tf.zeros(variable.shape))];
      const one = tf.scalar(1);
      const [firstMoment, secondMoment] = moments as [Variable, Variable];
      adamw(
        {
          ...{ param: variable, grad: grads[variable.name] as Tensor, firstMoment, secondMoment },
          ...{ learningRate: tf.scalar(0.1), biasCorrection1: one, biasCorrection2: one, gradScale: one },
        },
        { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 },
      );
      outputs.push(tf.clone(variable), sumSquares(variable));
      for (const moment of moments) moment.dispose();
    }
    const values = outputs.map((tensor) => Float32Array.from(tensor.dataSync()));
    for (const [, variable] of entries) variable.dispose();
    return values;
  });
}

describe('threads', () => {
  test('one, two and three threads give the same bits, every time', async () => {
    const bytes = async (threads: number) => {
      await chooseBackend('simd', { threads });
      return wholeStep().map((values) => Buffer.from(values.buffer).toString('base64'));
    };
    const one = await bytes(1);
    expect(await bytes(2)).toEqual(one);
    expect(await bytes(2)).toEqual(one);
    expect(await bytes(3)).toEqual(one);
  });

  test('the whole step agrees with the cpu backend', { timeout: 60_000 }, async () => {
    const simd = wholeStep();
    await chooseBackend('cpu');
    const cpu = wholeStep();
    cpu.forEach((expected, i) => {
      const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-3);
      const actual = simd[i] as Float32Array;
      const worst = expected.reduce(
        (largest, value, at) => Math.max(largest, Math.abs(value - (actual[at] as number))),
        0,
      );
      // AdamW's first step divides the gradient by its own size: noise where the gradient is nearly zero.
      expect(worst / scale, `output ${i}`).toBeLessThan(i <= 8 ? 3e-5 : 2e-2);
    });
  });

  test('an address outside the memory is an error of the call, on either thread', () => {
    const backend = simdBackend();
    const outside = 2 ** 32 - 64;
    const run = (args: number[]) => backend.run({ kernel: 'add', units: 8192, cut: 4, minimum: 4, args });
    expect(() => run([outside, outside, outside])).toThrow();
    expect(backend.threads.size).toBe(2);
    const sum = tf.tidy(() => Array.from(tf.add(tf.ones([20_000]), tf.ones([20_000])).dataSync()));
    expect(sum.every((value) => value === 2)).toBe(true);
  });

  test.each(['tsx', 'node'])(
    'helpers do not keep a process alive under %s',
    (runner) => {
      const root = fileURLToPath(new URL('../../../', import.meta.url));
      const code = `
      const { chooseBackend } = await import('./trainer/backends/choose.ts');
      const { tf } = await import('./trainer/tensors/tf.ts');
      await chooseBackend('simd', { threads: 2 });
      console.log(tf.matMul(tf.ones([256, 256]), tf.ones([256, 256])).dataSync()[0]);`;
      // Node 20 runs TypeScript through tsx's loader only; the second form has no tsx process around it.
      const args = runner === 'tsx' ? ['node_modules/tsx/dist/cli.mjs'] : ['--import', 'tsx'];
      const output = execFileSync(process.execPath, [...args, '--input-type=module', '--eval', code], {
        cwd: root,
        timeout: 60_000,
        encoding: 'utf8',
      });
      expect(output.trim()).toBe('256');
    },
    70_000,
  );
});

describe('memory', () => {
  test('a slice outlives its source', () => {
    const source = tf.tidy(() => tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])));
    const slice = tf.slice(source, [2, 0], [1, 8]);
    const [first] = tf.split(source, 2, 0) as [Tensor];
    source.dispose();
    const noise = Array.from({ length: 4 }, () => tf.matMul(tf.fill([8, 8], 5), tf.ones([8, 8])));
    expect([...slice.dataSync()]).toEqual(Array(8).fill(8));
    expect([...first.dataSync()]).toEqual(Array(32).fill(8));
    tf.dispose([slice, first, ...noise]);
  });

  test('what dataSync returned does not change when the tensor is gone', () => {
    const product = tf.tidy(() => tf.matMul(tf.ones([4, 4]), tf.ones([4, 4])));
    const values = product.dataSync();
    product.dispose();
    const next = tf.tidy(() => tf.matMul(tf.fill([4, 4], 7), tf.ones([4, 4])));
    expect([...values]).toEqual(Array(16).fill(4));
    next.dispose();
  });

  test('is given back: the same step again takes no more', () => {
    wholeStep();
    const before = simdBackend().heap.usage;
    const tensors = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) wholeStep();
    expect(simdBackend().heap.usage).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

describe('cpu fallbacks', () => {
  test('on a large tensor are counted, and told once', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    tf.tidy(() => {
      const large = tf.ones([300, 300]);
      tf.atan(large);
      tf.atan(large);
      tf.atan(tf.ones([3, 3]));
    });
    expect(simdBackend().cpuFallbacks.get('Atan')).toBe(2);
    expect(warn.mock.calls.flat()).toEqual([
      'simd backend: Atan on [300, 300] runs in slow plain JavaScript',
    ]);
  });

  test('a training step has none', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    wholeStep();
    expect(warn.mock.calls).toEqual([]);
  });
});
