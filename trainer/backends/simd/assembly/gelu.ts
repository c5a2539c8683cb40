// Flat kernels. Unit: an element, cut at multiples of 4.
import { at, exp4, multiplyAdd } from './vector';

/** sigmoid(x f) of four lanes. */
// @ts-ignore: decorator
@inline
function gate(x: v128, factor: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp4(f32x4.neg(f32x4.mul(x, factor)))));
}

/** y = x sigmoid(a x + b x^3): the tanh form of GELU. */
export function gelu(lo: i32, hi: i32, scratch: usize, x: usize, y: usize, a: f32, b: f32): void {
  const linear = f32x4.splat(a);
  const cubic = f32x4.splat(b);
  for (let i = lo; i < hi; i += 4) {
    const v = v128.load(at(x, i));
    v128.store(at(y, i), f32x4.mul(v, gate(v, multiplyAdd(cubic, f32x4.mul(v, v), linear))));
  }
}

/** dx = dy s (1 + x (a + 3 b x^2) (1 - s)) with s = sigmoid(a x + b x^3). */
export function geluGradient(
  lo: i32,
  hi: i32,
  scratch: usize,
  x: usize,
  dy: usize,
  dx: usize,
  a: f32,
  b: f32,
): void {
  const one = f32x4.splat(1);
  const linear = f32x4.splat(a);
  const cubic = f32x4.splat(b);
  const slopeCubic = f32x4.splat(3 * b);
  for (let i = lo; i < hi; i += 4) {
    const v = v128.load(at(x, i));
    const square = f32x4.mul(v, v);
    const s = gate(v, multiplyAdd(cubic, square, linear));
    const inner = f32x4.mul(v, multiplyAdd(slopeCubic, square, linear));
    const slope = f32x4.mul(s, multiplyAdd(inner, f32x4.sub(one, s), one));
    v128.store(at(dx, i), f32x4.mul(v128.load(at(dy, i)), slope));
  }
}

/**
 * The share of a standard normal below x, four lanes: half the complementary error function of |x| / sqrt(2) by Abramowitz
 * and Stegun 7.1.26 (error below 1.5e-7), mirrored for x above 0.
 */
// @ts-ignore: decorator
@inline
function normalShare(x: v128): v128 {
  const z = f32x4.mul(f32x4.abs(x), f32x4.splat(0.70710678));
  const one = f32x4.splat(1);
  const t = f32x4.div(one, multiplyAdd(f32x4.splat(0.3275911), z, one));
  let p = f32x4.splat(1.061405429);
  p = multiplyAdd(p, t, f32x4.splat(-1.453152027));
  p = multiplyAdd(p, t, f32x4.splat(1.421413741));
  p = multiplyAdd(p, t, f32x4.splat(-0.284496736));
  p = multiplyAdd(p, t, f32x4.splat(0.254829592));
  const tail = f32x4.mul(f32x4.mul(f32x4.mul(p, t), f32x4.splat(0.5)), exp4(f32x4.neg(f32x4.mul(z, z))));
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)));
}

/** y = x P(x) with P the share of a standard normal below x. */
export function geluErf(lo: i32, hi: i32, scratch: usize, x: usize, y: usize): void {
  for (let i = lo; i < hi; i += 4) {
    const v = v128.load(at(x, i));
    v128.store(at(y, i), f32x4.mul(v, normalShare(v)));
  }
}

/** dx = dy (P(x) + x p(x)) with p the normal density. */
export function geluErfGradient(lo: i32, hi: i32, scratch: usize, x: usize, dy: usize, dx: usize): void {
  for (let i = lo; i < hi; i += 4) {
    const v = v128.load(at(x, i));
    const half = f32x4.mul(f32x4.mul(v, v), f32x4.splat(-0.5));
    const density = f32x4.mul(exp4(half), f32x4.splat(0.39894228));
    const slope = multiplyAdd(v, density, normalShare(v));
    v128.store(at(dx, i), f32x4.mul(v128.load(at(dy, i)), slope));
  }
}
