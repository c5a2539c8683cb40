import { at, exp1, exp4, log1, maxOf, sumLanes } from './vector';

/** Sum of e^((x - largest) * factor) over a row. */
function sumOfExponentials(row: usize, vocab: i32, largest: f32, factor: f32): f32 {
  const shift = f32x4.splat(largest);
  const f = f32x4.splat(factor);
  let lanes = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= vocab; i += 4) {
    lanes = f32x4.add(lanes, exp4(f32x4.mul(f32x4.sub(v128.load(at(row, i)), shift), f)));
  }
  let sum = sumLanes(lanes);
  for (; i < vocab; i++) sum += exp1((load<f32>(at(row, i)) - largest) * factor);
  return sum;
}

/**
 * log softmax(logits / temperature)[target] of each row, and the log-sum-exp of logits / temperature.
 * Unit: a row. `factor` is 1 / temperature.
 */
export function tokenLogProbs(
  lo: i32,
  hi: i32,
  scratch: usize,
  vocab: i32,
  logits: usize,
  targets: usize,
  logProbs: usize,
  logSumExp: usize,
  factor: f32,
): void {
  for (let i = lo; i < hi; i++) {
    const row = at(logits, i * vocab);
    const largest = maxOf(row, vocab);
    const logSum = log1(sumOfExponentials(row, vocab, largest, factor));
    const target = load<f32>(at(row, load<i32>(at(targets, i))));
    // The difference first: it is exact where it matters, near the top.
    store<f32>(at(logProbs, i), (target - largest) * factor - logSum);
    store<f32>(at(logSumExp, i), largest * factor + logSum);
  }
}

/** dLogits = dy * (onehot - p) / temperature. Unit: a row. */
export function tokenLogProbsGradient(
  lo: i32,
  hi: i32,
  scratch: usize,
  vocab: i32,
  logits: usize,
  targets: usize,
  logSumExp: usize,
  dy: usize,
  dLogits: usize,
  factor: f32,
): void {
  const f = f32x4.splat(factor);
  for (let i = lo; i < hi; i++) {
    const row = at(logits, i * vocab);
    const out = at(dLogits, i * vocab);
    const slope = load<f32>(at(dy, i)) * factor;
    // Rows without weight (padding, prompts) need no exponentials.
    if (slope == 0) {
      memory.fill(out, 0, (<usize>vocab) << 2);
      continue;
    }
    const shift = load<f32>(at(logSumExp, i));
    const s = f32x4.splat(shift);
    const w = f32x4.splat(-slope);
    let c = 0;
    for (; c + 4 <= vocab; c += 4) {
      v128.store(at(out, c), f32x4.mul(w, exp4(f32x4.sub(f32x4.mul(v128.load(at(row, c)), f), s))));
    }
    for (; c < vocab; c++) store<f32>(at(out, c), -slope * exp1(load<f32>(at(row, c)) * factor - shift));
    const target = at(out, load<i32>(at(targets, i)));
    store<f32>(target, load<f32>(target) + slope);
  }
}

/** Entropy in nats: log S - sum(e x) / S with x = (logit - largest) / temperature, e = exp(x), S = sum(e). Unit: a row. */
export function tokenEntropy(
  lo: i32,
  hi: i32,
  scratch: usize,
  vocab: i32,
  logits: usize,
  entropy: usize,
  factor: f32,
): void {
  const f = f32x4.splat(factor);
  // exp4 stops falling at -87; there e is 1e-38 and e x must not grow with x.
  const floor = f32x4.splat(-87);
  for (let i = lo; i < hi; i++) {
    const row = at(logits, i * vocab);
    const largest = maxOf(row, vocab);
    const shift = f32x4.splat(largest);
    let sums = f32x4.splat(0);
    let products = f32x4.splat(0);
    let c = 0;
    for (; c + 4 <= vocab; c += 4) {
      const x = f32x4.max(f32x4.mul(f32x4.sub(v128.load(at(row, c)), shift), f), floor);
      const e = exp4(x);
      sums = f32x4.add(sums, e);
      products = f32x4.add(products, f32x4.mul(e, x));
    }
    let sum = sumLanes(sums);
    let product = sumLanes(products);
    for (; c < vocab; c++) {
      const x = max((load<f32>(at(row, c)) - largest) * factor, <f32>-87);
      const e = exp1(x);
      sum += e;
      product += e * x;
    }
    store<f32>(at(entropy, i), log1(sum) - product / sum);
  }
}
