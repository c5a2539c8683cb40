import { multiply } from './gemm';
import { at, dot, exp1, exp4, maxOf, sumLanes } from './vector';

/** Rows of the score matrix worked on at once: the keys behind the last of them are never touched. */
const BLOCK: i32 = 64;

/** A score this low is no score: masked. Sums with exact zeros follow. */
const MASKED: f32 = -1e30;

/**
 * Turns one head: pairs (i, i + K/2) by the angles of one table row; direction -1 turns back. `from` may be `to`.
 */
export function rotateHead(from: usize, to: usize, headDim: i32, cos: usize, sin: usize, direction: f32): void {
  const half = headDim >> 1;
  const sign = f32x4.splat(direction);
  let i = 0;
  for (; i + 4 <= half; i += 4) {
    const c = v128.load(at(cos, i));
    const s = f32x4.mul(sign, v128.load(at(sin, i)));
    const low = v128.load(at(from, i));
    const high = v128.load(at(from, half + i));
    v128.store(at(to, i), f32x4.sub(f32x4.mul(low, c), f32x4.mul(high, s)));
    v128.store(at(to, half + i), f32x4.add(f32x4.mul(high, c), f32x4.mul(low, s)));
  }
  for (; i < half; i++) {
    const c = load<f32>(at(cos, i));
    const s = direction * load<f32>(at(sin, i));
    const low = load<f32>(at(from, i));
    const high = load<f32>(at(from, half + i));
    store<f32>(at(to, i), low * c - high * s);
    store<f32>(at(to, half + i), high * c + low * s);
  }
}

/** Rotary embedding of rows of `heads` heads. Unit: a row. `from` may be `to`. */
export function rotateRows(
  lo: i32,
  hi: i32,
  scratch: usize,
  heads: i32,
  headDim: i32,
  from: usize,
  to: usize,
  positions: usize,
  cos: usize,
  sin: usize,
  direction: f32,
): void {
  for (let i = lo; i < hi; i++) {
    const turn = load<i32>(at(positions, i)) * (headDim >> 1);
    for (let h = 0; h < heads; h++) {
      const offset = (i * heads + h) * headDim;
      rotateHead(at(from, offset), at(to, offset), headDim, at(cos, turn), at(sin, turn), direction);
    }
  }
}

/**
 * Softmax in place over `count` scores, of which those at or below MASKED become exact zeros; all zeros when none is left.
 */
export function softmaxRow(p: usize, count: i32): void {
  const largest = maxOf(p, count);
  if (largest <= MASKED) {
    memory.fill(p, 0, (<usize>count) << 2);
    return;
  }
  const shift = f32x4.splat(largest);
  const masked = f32x4.splat(MASKED);
  let lanes = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const x = v128.load(at(p, i));
    const e = v128.andnot(exp4(f32x4.sub(x, shift)), f32x4.le(x, masked));
    lanes = f32x4.add(lanes, e);
    v128.store(at(p, i), e);
  }
  let sum = sumLanes(lanes);
  for (; i < count; i++) {
    const x = load<f32>(at(p, i));
    const e: f32 = x <= MASKED ? 0 : exp1(x - largest);
    sum += e;
    store<f32>(at(p, i), e);
  }
  const inverse = <f32>1 / sum;
  const factor = f32x4.splat(inverse);
  for (i = 0; i + 4 <= count; i += 4) v128.store(at(p, i), f32x4.mul(v128.load(at(p, i)), factor));
  for (; i < count; i++) store<f32>(at(p, i), load<f32>(at(p, i)) * inverse);
}

/**
 * Causal attention on rotated q and k. Unit: a key/value head of a sequence, with the query heads that share it.
 * Weights [B, H, T, T] are kept for the gradient; behind the block of a row they are left as they are and never read.
 */
export function attention(
  lo: i32,
  hi: i32,
  scratch: usize,
  time: i32,
  heads: i32,
  groups: i32,
  headDim: i32,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  weights: usize,
  y: usize,
  scale: f32,
): void {
  const share = heads / groups;
  const qRow = heads * headDim;
  const kRow = groups * headDim;
  for (let unit = lo; unit < hi; unit++) {
    const b = unit / groups;
    const g = unit % groups;
    const visible = at(mask, b * time);
    const kHead = at(k, b * time * kRow + g * headDim);
    const vHead = at(v, b * time * kRow + g * headDim);
    for (let h = g * share; h < (g + 1) * share; h++) {
      const head = b * time * qRow + h * headDim;
      const head0 = at(weights, (b * heads + h) * time * time);
      for (let t0 = 0; t0 < time; t0 += BLOCK) {
        const rows = min(BLOCK, time - t0);
        const keys = t0 + rows;
        const block = at(head0, t0 * time);
        const qBlock = at(q, head + t0 * qRow);
        multiply(rows, keys, headDim, qBlock, qRow, 1, kHead, 1, kRow, block, time, scale, false, scratch);
        for (let i = 0; i < rows; i++) {
          const row = at(block, i * time);
          const count = t0 + i + 1;
          if (load<i32>(at(visible, t0 + i)) == 0) {
            memory.fill(row, 0, (<usize>keys) << 2);
            continue;
          }
          for (let j = 0; j < count; j++) if (load<i32>(at(visible, j)) == 0) store<f32>(at(row, j), MASKED);
          softmaxRow(row, count);
          memory.fill(at(row, count), 0, (<usize>(keys - count)) << 2);
        }
        multiply(rows, headDim, keys, block, time, 1, vHead, kRow, 1, at(y, head + t0 * qRow), qRow, 1, false, scratch);
      }
    }
  }
}

/**
 * Gradients by rotated q and k and by v. Unit as in `attention`. With W the weights: dv = W^T dy,
 * ds = W (dy v^T - rowsum(W * dy v^T)) scale, dq = ds k, dk = ds^T q. `scores` is scratch of 64 x T elements.
 */
export function attentionGradient(
  lo: i32,
  hi: i32,
  scratch: usize,
  time: i32,
  heads: i32,
  groups: i32,
  headDim: i32,
  q: usize,
  k: usize,
  v: usize,
  weights: usize,
  dy: usize,
  dq: usize,
  dk: usize,
  dv: usize,
  scale: f32,
  scoresOffset: i32,
): void {
  const share = heads / groups;
  const qRow = heads * headDim;
  const kRow = groups * headDim;
  const scores = scratch + <usize>scoresOffset;
  for (let unit = lo; unit < hi; unit++) {
    const b = unit / groups;
    const g = unit % groups;
    const kv = b * time * kRow + g * headDim;
    for (let t = 0; t < time; t++) {
      memory.fill(at(dk, kv + t * kRow), 0, (<usize>headDim) << 2);
      memory.fill(at(dv, kv + t * kRow), 0, (<usize>headDim) << 2);
    }
    for (let h = g * share; h < (g + 1) * share; h++) {
      const head = b * time * qRow + h * headDim;
      const head0 = at(weights, (b * heads + h) * time * time);
      for (let t0 = 0; t0 < time; t0 += BLOCK) {
        const rows = min(BLOCK, time - t0);
        const keys = t0 + rows;
        const block = at(head0, t0 * time);
        const rowsAt = head + t0 * qRow;
        const slope = at(dy, rowsAt);
        multiply(keys, headDim, rows, block, 1, time, slope, qRow, 1, at(dv, kv), kRow, 1, true, scratch);
        multiply(rows, keys, headDim, slope, qRow, 1, at(v, kv), 1, kRow, scores, keys, 1, false, scratch);
        for (let i = 0; i < rows; i++) {
          const row = at(scores, i * keys);
          const weight = at(block, i * time);
          const inner = dot(row, weight, keys);
          const center = f32x4.splat(inner);
          let j = 0;
          for (; j + 4 <= keys; j += 4) {
            const ds = f32x4.mul(v128.load(at(weight, j)), f32x4.sub(v128.load(at(row, j)), center));
            v128.store(at(row, j), ds);
          }
          for (; j < keys; j++) store<f32>(at(row, j), load<f32>(at(weight, j)) * (load<f32>(at(row, j)) - inner));
        }
        multiply(rows, headDim, keys, scores, keys, 1, at(k, kv), kRow, 1, at(dq, rowsAt), qRow, scale, false, scratch);
        multiply(keys, headDim, rows, scores, 1, keys, at(q, rowsAt), qRow, 1, at(dk, kv), kRow, scale, true, scratch);
      }
    }
  }
}
