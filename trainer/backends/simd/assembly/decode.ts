import { rotateHead, softmaxRow } from './attention';
import { at, dot, multiplyAdd } from './vector';

const MASKED: f32 = -1e30;

/**
 * One new token for each sequence. Unit: a key/value head of a sequence, with the query heads that share it. Rotates and
 * writes k and v into `slot` of the caches [B, G, S, K], then attends to slots 0..slot where the mask [B, S] is 1.
 * `scratch` holds a rotated query and `slot + 1` scores.
 */
export function decodeAttention(
  lo: i32,
  hi: i32,
  scratch: usize,
  heads: i32,
  groups: i32,
  headDim: i32,
  slots: i32,
  slot: i32,
  q: usize,
  k: usize,
  v: usize,
  positions: usize,
  cos: usize,
  sin: usize,
  mask: usize,
  cacheK: usize,
  cacheV: usize,
  y: usize,
  scale: f32,
): void {
  const share = heads / groups;
  const count = slot + 1;
  const query = scratch;
  const scores = at(scratch, headDim);
  for (let unit = lo; unit < hi; unit++) {
    const b = unit / groups;
    const g = unit % groups;
    const turn = load<i32>(at(positions, b)) * (headDim >> 1);
    const keys = at(cacheK, unit * slots * headDim);
    const values = at(cacheV, unit * slots * headDim);
    const visible = at(mask, b * slots);
    rotateHead(at(k, unit * headDim), at(keys, slot * headDim), headDim, at(cos, turn), at(sin, turn), 1);
    memory.copy(at(values, slot * headDim), at(v, unit * headDim), (<usize>headDim) << 2);
    for (let h = g * share; h < (g + 1) * share; h++) {
      const head = (b * heads + h) * headDim;
      rotateHead(at(q, head), query, headDim, at(cos, turn), at(sin, turn), 1);
      for (let j = 0; j < count; j++) {
        const seen = load<i32>(at(visible, j)) != 0;
        store<f32>(at(scores, j), seen ? dot(query, at(keys, j * headDim), headDim) * scale : MASKED);
      }
      softmaxRow(scores, count);
      const out = at(y, head);
      let c = 0;
      for (; c + 4 <= headDim; c += 4) {
        let sum = f32x4.splat(0);
        for (let j = 0; j < count; j++) {
          sum = multiplyAdd(v128.load_splat<f32>(at(scores, j)), v128.load(at(values, j * headDim + c)), sum);
        }
        v128.store(at(out, c), sum);
      }
      for (; c < headDim; c++) {
        let sum: f32 = 0;
        for (let j = 0; j < count; j++) sum += load<f32>(at(scores, j)) * load<f32>(at(values, j * headDim + c));
        store<f32>(at(out, c), sum);
      }
    }
  }
}

/** Rotated k, and v, of T tokens into slots 0..T-1 of the caches [B, G, S, K]. Unit: a key/value head of a sequence. */
export function writeKvCache(
  lo: i32,
  hi: i32,
  scratch: usize,
  time: i32,
  groups: i32,
  headDim: i32,
  slots: i32,
  k: usize,
  v: usize,
  positions: usize,
  cos: usize,
  sin: usize,
  cacheK: usize,
  cacheV: usize,
): void {
  for (let unit = lo; unit < hi; unit++) {
    const b = unit / groups;
    const g = unit % groups;
    for (let t = 0; t < time; t++) {
      const token = b * time + t;
      const from = (token * groups + g) * headDim;
      const to = (unit * slots + t) * headDim;
      const turn = load<i32>(at(positions, token)) * (headDim >> 1);
      rotateHead(at(k, from), at(cacheK, to), headDim, at(cos, turn), at(sin, turn), 1);
      memory.copy(at(cacheV, to), at(v, from), (<usize>headDim) << 2);
    }
  }
}
