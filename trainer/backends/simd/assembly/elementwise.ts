// Flat kernels. Unit: an element, cut at multiples of 4.
import { at, exp4 } from './vector';

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

export function add(lo: i32, hi: i32, scratch: usize, a: usize, b: usize, y: usize): void {
  for (let i = lo; i < hi; i += 4) v128.store(at(y, i), f32x4.add(v128.load(at(a, i)), v128.load(at(b, i))));
}

export function subtract(lo: i32, hi: i32, scratch: usize, a: usize, b: usize, y: usize): void {
  for (let i = lo; i < hi; i += 4) v128.store(at(y, i), f32x4.sub(v128.load(at(a, i)), v128.load(at(b, i))));
}

export function multiplyElements(lo: i32, hi: i32, scratch: usize, a: usize, b: usize, y: usize): void {
  for (let i = lo; i < hi; i += 4) v128.store(at(y, i), f32x4.mul(v128.load(at(a, i)), v128.load(at(b, i))));
}
