// Flat kernels. Unit: an element, cut at multiples of 4.
import { at, exp4, multiplyAdd } from './vector';

/** y = silu(gate) * up. */
export function swiglu(lo: i32, hi: i32, scratch: usize, gate: usize, up: usize, y: usize): void {
  const one = f32x4.splat(1);
  for (let i = lo; i < hi; i += 4) {
    const g = v128.load(at(gate, i));
    const product = f32x4.mul(g, v128.load(at(up, i)));
    v128.store(at(y, i), f32x4.div(product, f32x4.add(one, exp4(f32x4.neg(g)))));
  }
}

/** dGate = dy up (s + g s (1 - s)), dUp = dy g s, with s = sigmoid(g). */
export function swigluGradient(
  lo: i32,
  hi: i32,
  scratch: usize,
  gate: usize,
  up: usize,
  dy: usize,
  dGate: usize,
  dUp: usize,
): void {
  const one = f32x4.splat(1);
  for (let i = lo; i < hi; i += 4) {
    const g = v128.load(at(gate, i));
    const slope = v128.load(at(dy, i));
    const sigmoid = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(g))));
    const silu = f32x4.mul(g, sigmoid);
    const dSilu = f32x4.add(sigmoid, f32x4.mul(silu, f32x4.sub(one, sigmoid)));
    v128.store(at(dGate, i), f32x4.mul(f32x4.mul(slope, v128.load(at(up, i))), dSilu));
    v128.store(at(dUp, i), f32x4.mul(slope, silu));
  }
}

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

export function add(lo: i32, hi: i32, scratch: usize, a: usize, b: usize, y: usize): void {
  for (let i = lo; i < hi; i += 4) v128.store(at(y, i), f32x4.add(v128.load(at(a, i)), v128.load(at(b, i))));
}

export function subtract(lo: i32, hi: i32, scratch: usize, a: usize, b: usize, y: usize): void {
  for (let i = lo; i < hi; i += 4) v128.store(at(y, i), f32x4.sub(v128.load(at(a, i)), v128.load(at(b, i))));
}

export function multiplyElements(lo: i32, hi: i32, scratch: usize, a: usize, b: usize, y: usize): void {
  for (let i = lo; i < hi; i += 4) v128.store(at(y, i), f32x4.mul(v128.load(at(a, i)), v128.load(at(b, i))));
}
