import { beforeAll, describe, expect, it } from 'vitest';
import { type Tensor, tf } from '../tensors/tf.ts';
import { crossEntropy } from './cross-entropy.ts';
import { ppoPolicy } from './ppo-policy.ts';
import { ppoValue } from './ppo-value.ts';
import { rewardPairwise } from './reward-pairwise.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const scalar = (t: Tensor) => t.dataSync()[0] as number;

describe('rewardPairwise', () => {
  const one =
    (extra: { target?: number; margin?: number; weight?: number; centering?: number }) => (scoresM: Tensor) =>
      rewardPairwise({
        scoresM,
        chosenP: tf.tensor1d([0], 'int32'),
        rejectedP: tf.tensor1d([1], 'int32'),
        targetsP: tf.tensor1d([extra.target ?? 1]),
        marginsP: tf.tensor1d([extra.margin ?? 0]),
        weightsP: tf.tensor1d([extra.weight ?? 1]),
        centering: extra.centering ?? 0,
      });

  it('neither overflows nor vanishes a thousand apart, value and gradient', () => {
    expect(scalar(one({})(tf.tensor1d([1000, 0])))).toBe(0);
    expect(scalar(one({})(tf.tensor1d([0, 1000])))).toBe(1000);
    expect([
      ...tf
        .grad(one({}))(tf.tensor1d([0, 1000]))
        .dataSync(),
    ]).toEqual([-1, 1]);
  });

  it('a tie pulls the scores together: gradient sigmoid(d) - 0.5', () => {
    const gradient = tf
      .grad(one({ target: 0.5 }))(tf.tensor1d([Math.log(3), 0]))
      .dataSync();
    expect(gradient[0]).toBeCloseTo(0.25, 6); // sigmoid(ln 3) = 0.75
    expect(gradient[1]).toBeCloseTo(-0.25, 6);
    expect([
      ...tf
        .grad(one({ target: 0.5 }))(tf.tensor1d([2, 2]))
        .dataSync(),
    ]).toEqual([0, 0]);
  });

  it('an untrained model starts at ln 2, a margin moves the target, weight 0 is a pad', () => {
    expect(scalar(one({})(tf.tensor1d([0.3, 0.3])))).toBeCloseTo(Math.LN2, 6);
    expect(scalar(one({ margin: 2 })(tf.tensor1d([2, 0])))).toBeCloseTo(Math.LN2, 6);
    expect(scalar(one({ weight: 0 })(tf.tensor1d([7, -7])))).toBe(0);
  });

  it('NaN shows, it is not swallowed', () => {
    expect(scalar(one({})(tf.tensor1d([Number.NaN, 0])))).toBeNaN();
  });
});

describe('ppoPolicy', () => {
  const loss = (extra: { logp: number; adv: number; weight?: number; dualClip?: number | null }) =>
    scalar(
      ppoPolicy({
        logProbsN: tf.tensor1d([extra.logp]),
        oldLogProbsN: tf.tensor1d([0]),
        advantagesN: tf.tensor1d([extra.adv]),
        weightsN: tf.tensor1d([extra.weight ?? 1]),
        clipRange: 0.2,
        dualClip: extra.dualClip ?? null,
      }),
    );

  it('holds the ratio at e^20 for absurd log-probabilities', () => {
    expect(loss({ logp: 1000, adv: -1 }) / Math.exp(20)).toBeCloseTo(1, 5);
    expect(loss({ logp: -1000, adv: 1 })).toBeCloseTo(-Math.exp(-20), 12);
  });

  it('dual clip bounds the loss at c |A| for negative advantages and leaves the others', () => {
    const logp = Math.log(10); // ratio 10
    expect(loss({ logp, adv: -1 })).toBeCloseTo(10, 4);
    expect(loss({ logp, adv: -1, dualClip: 3 })).toBeCloseTo(3, 5);
    expect(loss({ logp, adv: 2, dualClip: 3 })).toBeCloseTo(-2.4, 5);
    expect(loss({ logp: Math.log(2), adv: -1, dualClip: 3 })).toBeCloseTo(2, 5);
  });

  it('gradient is -A at ratio 1, and 0 once the clip holds', () => {
    const gradient = (logp: number, adv: number) =>
      tf
        .grad((logProbsN: Tensor) =>
          ppoPolicy({
            logProbsN,
            oldLogProbsN: tf.tensor1d([0]),
            advantagesN: tf.tensor1d([adv]),
            weightsN: tf.tensor1d([1]),
            clipRange: 0.2,
            dualClip: null,
          }),
        )(tf.tensor1d([logp]))
        .dataSync()[0];
    expect(gradient(0, 1.5)).toBeCloseTo(-1.5, 6);
    expect(gradient(Math.log(1.5), 1)).toBeCloseTo(0, 6);
    expect(gradient(Math.log(1.5), -1)).toBeCloseTo(1.5, 5);
    expect(gradient(Math.log(0.5), -1)).toBeCloseTo(0, 6);
  });

  it('a row of weight 0 adds nothing', () => {
    expect(loss({ logp: 3, adv: 9, weight: 0 })).toBeCloseTo(0, 12);
  });
});

describe('ppoValue', () => {
  it('takes the worse of plain and clipped, with no gradient where the clip holds', () => {
    const at = (valuesN: Tensor) =>
      ppoValue({
        valuesN,
        oldValuesN: tf.tensor1d([0]),
        returnsN: tf.tensor1d([1]),
        weightsN: tf.tensor1d([1]),
        clipRange: 0.2,
      });
    expect(scalar(at(tf.tensor1d([0.9])))).toBeCloseTo(0.32, 6); // held at 0.2: 0.5 * 0.8^2
    expect(
      tf
        .grad(at)(tf.tensor1d([0.9]))
        .dataSync()[0],
    ).toBe(0);
    expect(scalar(at(tf.tensor1d([-1])))).toBeCloseTo(2, 6); // plain 0.5 * 2^2 is worse
    expect(
      tf
        .grad(at)(tf.tensor1d([-1]))
        .dataSync()[0],
    ).toBeCloseTo(-2, 6);
  });
});

describe('crossEntropy', () => {
  it('cross-entropy divides by the count given, not by the number of rows', () => {
    const weights = tf.tensor1d([0.25, 0.25, 0]);
    expect(scalar(crossEntropy(tf.tensor1d([-1, -3, -99]), weights))).toBeCloseTo(1, 6);
    expect(scalar(crossEntropy(tf.tensor1d([-1, -3, -99]), tf.zeros([3])))).toBeCloseTo(0, 12);
  });
});
