/**
 * Generalised advantage estimation over one row (arXiv:1506.02438 Eq. 16; training.md P21):
 * delta_t = r_t + gamma V_{t+1} - V_t, A_t = delta_t + gamma lambda A_{t+1}, V after the end = 0, R = A + V.
 * Positions with mask 0 are stepped over: what they hold is never read, and their outputs are 0.
 *
 * @param values, rewards [T]
 * @param mask [T], 1 at action tokens; all ones when absent
 */
export function gae(args: {
  values: ArrayLike<number>;
  rewards: ArrayLike<number>;
  mask?: ArrayLike<number>;
  gamma: number;
  lambda: number;
}): { advantages: Float64Array; returns: Float64Array } {
  const { values, rewards, mask, gamma, lambda } = args;
  if (values.length !== rewards.length || (mask && mask.length !== values.length)) {
    throw new Error(
      `gae: ${values.length} values, ${rewards.length} rewards, ${mask?.length ?? values.length} mask entries; expected equal lengths`,
    );
  }
  const advantages = new Float64Array(values.length);
  const returns = new Float64Array(values.length);
  let nextValue = 0;
  let nextAdvantage = 0;
  for (let t = values.length - 1; t >= 0; t--) {
    if (mask && mask[t] === 0) continue;
    const value = values[t] as number;
    const delta = (rewards[t] as number) + gamma * nextValue - value;
    nextAdvantage = delta + gamma * lambda * nextAdvantage;
    nextValue = value;
    advantages[t] = nextAdvantage;
    returns[t] = nextAdvantage + value;
  }
  return { advantages, returns };
}
