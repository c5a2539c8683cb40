import type { TrainEvent } from '../../events.ts';

/**
 * A check that a run makes before its first update (training.md section 3 B).
 *
 * @param deviation how far the measured quantity is from what it must be; NaN fails
 * @returns the event to yield when it holds
 * @throws with the numbers when it does not: a run that starts wrong ends wrong, only later
 */
export function selfCheck(check: {
  name: string;
  deviation: number;
  tolerance: number;
  /** what was measured against what, for the error */
  detail: string;
}): Extract<TrainEvent, { type: 'self-check' }> {
  const { name, deviation, tolerance, detail } = check;
  if (!(Math.abs(deviation) <= tolerance)) {
    throw new Error(`self-check '${name}' failed: ${detail}; off by ${deviation}, tolerance ${tolerance}`);
  }
  return { type: 'self-check', name, value: deviation, tolerance };
}

/** Pad and end-of-text must be two tokens, or scores are read from the wrong place and stops are not learnt (R8). */
export function checkPadDiffersFromEos(tokenizer: {
  padTokenId: number;
  eosTokenId: number;
}): Extract<TrainEvent, { type: 'self-check' }> {
  const { padTokenId, eosTokenId } = tokenizer;
  return selfCheck({
    name: 'pad differs from eos',
    deviation: padTokenId === eosTokenId ? 1 : 0,
    tolerance: 0,
    detail: `pad token ${padTokenId}, eos token ${eosTokenId}`,
  });
}

/** Rounding of a policy that is read twice, in batches of other shapes. */
const FIRST_LOSS_TOLERANCE = { float32: 1e-5, bfloat16: 1e-2 };

/**
 * The loss of a first step whose policy still is its reference is known exactly (training.md 3 B).
 *
 * @param expected what the loss is where the two agree
 */
export function checkFirstLoss(
  loss: number,
  { expected, precision }: { expected: number; precision: 'float32' | 'bfloat16' },
): Extract<TrainEvent, { type: 'self-check' }> {
  return selfCheck({
    name: 'first loss is that of equal policies',
    deviation: loss - expected,
    tolerance: FIRST_LOSS_TOLERANCE[precision] * Math.max(1, expected),
    detail: `loss ${loss}, ${expected} where policy and reference agree`,
  });
}
