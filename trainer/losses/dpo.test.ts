import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Tensor, tf } from '../tensors/tf.ts';
import { type DpoOptions, dpo, firstDpoLoss } from './dpo.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const PLAIN: DpoOptions = {
  loss: 'sigmoid',
  beta: 0.1,
  labelSmoothing: 0,
  ipoLengthNormalized: true,
  lengthPenalty: 0,
  tieNu: null,
};
type Pair = { chosen: number; rejected: number; lengths?: [number, number]; isTie?: boolean };
/** Loss of one pair, and its gradient by x of the chosen and of the rejected completion. */
function of({ chosen, rejected, lengths = [1, 1], isTie = false }: Pair, options: Partial<DpoOptions> = {}) {
  const loss = (chosenP: Tensor, rejectedP: Tensor) =>
    dpo({
      chosenP,
      rejectedP,
      chosenLengthP: tf.tensor1d([lengths[0]]),
      rejectedLengthP: tf.tensor1d([lengths[1]]),
      isTieP: tf.tensor1d([isTie ? 1 : 0]),
      weightsP: tf.tensor1d([1]),
      options: { ...PLAIN, ...options },
    });
  const at = [tf.tensor1d([chosen]), tf.tensor1d([rejected])] as const;
  const grads = tf
    .grads(loss)([...at])
    .map((grad) => grad.dataSync()[0] as number);
  return { loss: loss(...at).dataSync()[0] as number, grads };
}
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const ALL: Partial<DpoOptions>[] = [
  { loss: 'sigmoid' },
  { loss: 'sigmoid-norm' },
  { loss: 'hinge' },
  { loss: 'ipo' },
  { loss: 'ipo', ipoLengthNormalized: false },
  { loss: 'conservative', labelSmoothing: 0.1 },
  { loss: 'robust', labelSmoothing: 0.1 },
  { loss: 'apo-zero' },
  { loss: 'apo-down' },
  { loss: 'sigmoid', tieNu: 3 },
];

describe('dpo', () => {
  it('starts where firstDpoLoss says when policy equals reference', () => {
    for (const options of ALL) {
      const { loss } = of({ chosen: 0, rejected: 0, lengths: [7, 3] }, options);
      expect(loss, JSON.stringify(options)).toBeCloseTo(firstDpoLoss({ ...PLAIN, ...options }), 5);
    }
    expect(firstDpoLoss(PLAIN)).toBe(Math.LN2);
  });

  it('survives a thousand nats', () => {
    expect(of({ chosen: 1000, rejected: 0 }, { beta: 1 }).loss).toBe(0);
    expect(of({ chosen: -1000, rejected: 0 }, { beta: 1 }).loss).toBe(1000);
  });

  it('every loss falls when the chosen completion gains on the rejected one, where it still has a slope', () => {
    for (const options of ALL) {
      const { grads } = of({ chosen: 0.3, rejected: 0.2, lengths: [2, 2] }, options);
      const [chosen, rejected] = grads as [number, number];
      // apo-down lowers the chosen completion too, less than the rejected one
      if (options.loss !== 'apo-down') expect(chosen, JSON.stringify(options)).toBeLessThan(0);
      expect(rejected, JSON.stringify(options)).toBeGreaterThan(0);
    }
  });

  it('sigmoid-norm is the sigmoid loss of log-ratios per token', () => {
    const { loss } = of({ chosen: 2, rejected: -3, lengths: [4, 6] }, { loss: 'sigmoid-norm', beta: 5 });
    expect(loss).toBeCloseTo(Math.log1p(Math.exp(-5 * (0.5 + 0.5))), 6);
  });

  it('apo-zero and apo-down by hand', () => {
    // beta 0.1, x = 2 and -3: s(0.2) = 0.549834, s(-0.3) = 0.425557, s(0.5) = 0.622459
    const pair = { chosen: 2, rejected: -3 };
    expect(of(pair, { loss: 'apo-zero' }).loss).toBeCloseTo(1 - 0.549834 + 0.425557, 5);
    expect(of(pair, { loss: 'apo-down' }).loss).toBeCloseTo(0.549834 + 1 - 0.622459, 5);
  });

  it('the length penalty lets length explain part of a preference: a longer chosen answer is pushed less', () => {
    const plain = of({ chosen: 0, rejected: 0, lengths: [30, 10] });
    const held = of({ chosen: 0, rejected: 0, lengths: [30, 10] }, { lengthPenalty: 0.05 });
    // logit 0.05 * 20 = 1
    expect(held.loss).toBeCloseTo(Math.log1p(Math.exp(-1)), 6);
    expect(Math.abs(held.grads[0] as number)).toBeLessThan(Math.abs(plain.grads[0] as number));
    const shorter = of({ chosen: 0, rejected: 0, lengths: [10, 30] }, { lengthPenalty: 0.05 });
    expect(Math.abs(shorter.grads[0] as number)).toBeGreaterThan(Math.abs(plain.grads[0] as number));
  });

  it('Rao and Kupper: win, loss and tie have probabilities that sum to 1', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -40, max: 40, noNaN: true }),
        fc.double({ min: 1.05, max: 20, noNaN: true }),
        (difference, tieNu) => {
          const probability = (pair: Pair) => Math.exp(-of(pair, { beta: 0.1, tieNu }).loss);
          const win = probability({ chosen: difference, rejected: 0 });
          const lose = probability({ chosen: 0, rejected: difference });
          const tie = probability({ chosen: difference, rejected: 0, isTie: true });
          expect(win + lose + tie).toBeCloseTo(1, 5);
        },
      ),
      { numRuns: 50 },
    );
    // nu = 3, d = 0: 1/4, 1/4, 1/2
    expect(of({ chosen: 0, rejected: 0 }, { tieNu: 3 }).loss).toBeCloseTo(Math.log(4), 6);
    expect(of({ chosen: 0, rejected: 0, isTie: true }, { tieNu: 3 }).loss).toBeCloseTo(Math.LN2, 6);
  });

  it('a tie pulls the two together, whichever is ahead', () => {
    for (const difference of [-8, 8]) {
      const { grads } = of({ chosen: difference, rejected: 0, isTie: true }, { tieNu: 3 });
      expect(Math.sign(grads[0] as number)).toBe(Math.sign(difference));
    }
  });

  it('the gradient of the plain loss is -beta s(-beta d)', () => {
    const { grads } = of({ chosen: 3, rejected: 1 });
    expect(grads[0]).toBeCloseTo(-0.1 * sigmoid(-0.2), 6);
    expect(grads[1]).toBeCloseTo(0.1 * sigmoid(-0.2), 6);
  });

  it('weights make the sum, 0 pads', () => {
    const two = (weights: [number, number]) =>
      dpo({
        chosenP: tf.tensor1d([2, 99]),
        rejectedP: tf.tensor1d([0, 0]),
        chosenLengthP: tf.tensor1d([1, 1]),
        rejectedLengthP: tf.tensor1d([1, 1]),
        isTieP: tf.zeros([2]),
        weightsP: tf.tensor1d(weights),
        options: PLAIN,
      }).dataSync()[0];
    expect(two([1, 0])).toBeCloseTo(of({ chosen: 2, rejected: 0 }).loss, 6);
  });
});
