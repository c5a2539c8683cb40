import { at, exp1, exp4, log1, maxOf, sumLanes } from './vector';

/** Writes e^((x - largest) * factor) of a row and gives the sum. Below e^-87 there is no probability, only exp4's clamp. */
function fillWeights(row: usize, vocab: i32, largest: f32, factor: f32, weights: usize): f32 {
  const shift = f32x4.splat(largest);
  const f = f32x4.splat(factor);
  const floor = f32x4.splat(-87);
  let lanes = f32x4.splat(0);
  let c = 0;
  for (; c + 4 <= vocab; c += 4) {
    const x = f32x4.mul(f32x4.sub(v128.load(at(row, c)), shift), f);
    const weight = v128.andnot(exp4(x), f32x4.lt(x, floor));
    lanes = f32x4.add(lanes, weight);
    v128.store(at(weights, c), weight);
  }
  let sum = sumLanes(lanes);
  for (; c < vocab; c++) {
    const x = (load<f32>(at(row, c)) - largest) * factor;
    const weight: f32 = x < -87 ? 0 : exp1(x);
    sum += weight;
    store<f32>(at(weights, c), weight);
  }
  return sum;
}

/**
 * Draws a token for each row by the inverse of the cumulated probabilities at a uniform number; temperature 0 takes the
 * first largest. Log-probability of the drawn token at this temperature (at 1 for 0). Unit: a row.
 * `scratch` holds the weights of a row.
 */
export function sampleToken(
  lo: i32,
  hi: i32,
  scratch: usize,
  vocab: i32,
  logits: usize,
  uniforms: usize,
  temperature: f32,
  tokens: usize,
  logProbs: usize,
): void {
  const factor: f32 = temperature == 0 ? 1 : <f32>1 / temperature;
  for (let i = lo; i < hi; i++) {
    const row = at(logits, i * vocab);
    const largest = maxOf(row, vocab);
    const total = fillWeights(row, vocab, largest, factor, scratch);
    // -1 when a logit is NaN or infinite: the caller refuses it.
    let token = -1;
    if (temperature == 0) {
      for (let c = 0; c < vocab && token < 0; c++) if (load<f32>(at(row, c)) == largest) token = c;
    } else if (total > 0) {
      let left = load<f32>(at(uniforms, i)) * total;
      for (let c = 0; c < vocab; c++) {
        const weight = load<f32>(at(scratch, c));
        if (weight == 0) continue;
        // The last token with weight takes what rounding leaves over.
        token = c;
        left -= weight;
        if (left < 0) break;
      }
    }
    store<i32>(at(tokens, i), token);
    const drawn: f32 = token < 0 ? NaN : load<f32>(at(row, token));
    store<f32>(at(logProbs, i), (drawn - largest) * factor - log1(total));
  }
}
