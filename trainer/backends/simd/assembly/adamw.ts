import { at, multiplyAdd, sumLanes } from './vector';

/**
 * One step of AdamW in place, flat. `decay` is 1 - learningRate * weightDecay, `step` learningRate / biasCorrection1,
 * `inverseCorrection2` 1 / biasCorrection2. Unit: an element, cut at multiples of 4.
 */
export function adamw(
  lo: i32,
  hi: i32,
  scratch: usize,
  param: usize,
  grad: usize,
  firstMoment: usize,
  secondMoment: usize,
  gradScale: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  decay: f32,
  step: f32,
  inverseCorrection2: f32,
  epsilon: f32,
): void {
  const scale = f32x4.splat(gradScale);
  const b1 = f32x4.splat(beta1);
  const r1 = f32x4.splat(rest1);
  const b2 = f32x4.splat(beta2);
  const r2 = f32x4.splat(rest2);
  const keep = f32x4.splat(decay);
  const rate = f32x4.splat(step);
  const c2 = f32x4.splat(inverseCorrection2);
  const eps = f32x4.splat(epsilon);
  for (let i = lo; i < hi; i += 4) {
    const g = f32x4.mul(scale, v128.load(at(grad, i)));
    const m = f32x4.add(f32x4.mul(b1, v128.load(at(firstMoment, i))), f32x4.mul(r1, g));
    const v = f32x4.add(f32x4.mul(b2, v128.load(at(secondMoment, i))), f32x4.mul(r2, f32x4.mul(g, g)));
    v128.store(at(firstMoment, i), m);
    v128.store(at(secondMoment, i), v);
    const update = f32x4.div(f32x4.mul(rate, m), f32x4.add(f32x4.sqrt(f32x4.mul(v, c2)), eps));
    v128.store(at(param, i), f32x4.sub(f32x4.mul(v128.load(at(param, i)), keep), update));
  }
}

/** Elements that one unit of sumSquares adds up. The caller adds the units in order: no result depends on the threads. */
export const SUM_SQUARES_BLOCK: i32 = 4096;

/** partial[unit] = sum of squares of one block of 4096 elements. */
export function sumSquares(lo: i32, hi: i32, scratch: usize, size: i32, x: usize, partial: usize): void {
  for (let unit = lo; unit < hi; unit++) {
    let i = unit * SUM_SQUARES_BLOCK;
    const end = min(i + SUM_SQUARES_BLOCK, size);
    let lanes = f32x4.splat(0);
    for (; i + 4 <= end; i += 4) {
      const value = v128.load(at(x, i));
      lanes = multiplyAdd(value, value, lanes);
    }
    let sum = sumLanes(lanes);
    for (; i < end; i++) sum += load<f32>(at(x, i)) * load<f32>(at(x, i));
    store<f32>(at(partial, unit), sum);
  }
}
