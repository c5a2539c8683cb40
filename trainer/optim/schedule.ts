export type Schedule = {
  /** peak learning rate */
  learningRate: number;
  schedule: 'constant' | 'linear' | 'cosine';
  /** share of all steps spent warming up */
  warmupRatio: number;
};

/**
 * Learning rate of update `step` (0-based) out of `totalSteps`: linear warm-up to the peak over the first
 * ceil(warmupRatio * totalSteps) updates, then constant, a straight line to 0, or half a cosine to 0. Unlike
 * transformers' schedulers the first warm-up step is not 0, so that no update is wasted; the decay is the same.
 */
export function learningRateAt(
  { learningRate, schedule, warmupRatio }: Schedule,
  step: number,
  totalSteps: number,
): number {
  if (!Number.isInteger(step) || step < 0 || step >= totalSteps) {
    throw new Error(`schedule: step ${step} is not in 0..${totalSteps - 1}`);
  }
  const warmupSteps = Math.ceil(warmupRatio * totalSteps);
  if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
  const progress = (step - warmupSteps) / (totalSteps - warmupSteps);
  if (schedule === 'constant') return learningRate;
  if (schedule === 'linear') return learningRate * (1 - progress);
  return (learningRate * (1 + Math.cos(Math.PI * progress))) / 2;
}
