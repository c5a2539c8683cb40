import { beforeAll, expect, it } from 'vitest';
import { ktoBaseline } from '../math/kto-baseline.ts';
import { type Tensor, tf } from '../tensors/tf.ts';
import { kto } from './kto.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const options = { beta: 0.5, desirableWeight: 1, undesirableWeight: 1.2 };
const of = (ratioB: Tensor, { labels, z = 0 }: { labels: number[]; z?: number }) =>
  kto({
    ratioB,
    isDesirableB: tf.tensor1d(labels),
    weightsB: tf.fill([labels.length], 1 / labels.length),
    baseline: tf.scalar(z),
    options,
  });

it('three completions by hand', () => {
  const z = ktoBaseline([0.3, -0.1, 0.4]); // 0.2
  // 1 - s(0.15) = 0.462570; 1.2 (1 - s(0.2)) = 1.2 * 0.450166; 1 - s(-0.05) = 0.512497
  const loss = of(tf.tensor1d([0.5, -0.2, 0.1]), { labels: [1, 0, 1], z }).dataSync()[0];
  expect(loss).toBeCloseTo((0.46257 + 1.2 * 0.450166 + 0.512497) / 3, 5);
});

it('starts at half of each weight when policy equals reference', () => {
  expect(of(tf.zeros([2]), { labels: [1, 0] }).dataSync()[0]).toBeCloseTo((0.5 + 0.6) / 2, 6);
});

it('raises what is desirable, lowers what is not, and is flat far from the baseline', () => {
  const grad = (ratios: number[], labels: number[]) =>
    Array.from(
      tf
        .grad((x) => of(x, { labels }))(tf.tensor1d(ratios))
        .dataSync(),
    );
  const [desirable, undesirable] = grad([0, 0], [1, 0]) as [number, number];
  // beta s'(0) / B = 0.5 * 0.25 / 2
  expect(desirable).toBeCloseTo(-0.0625, 6);
  expect(undesirable).toBeCloseTo(0.075, 6);
  for (const slope of grad([1000, -1000, -1000, 1000], [1, 1, 0, 0]))
    expect(Math.abs(slope)).toBeLessThan(1e-12);
});
