import { at, exp1, log1, maxOf } from './vector';

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
    let total: f32 = 0;
    let token = -1;
    for (let c = 0; c < vocab; c++) {
      const x = (load<f32>(at(row, c)) - largest) * factor;
      // Below e^-87 there is no probability, only exp1's clamp.
      const weight: f32 = x < -87 ? 0 : exp1(x);
      total += weight;
      store<f32>(at(scratch, c), weight);
      if (token < 0 && x == 0) token = c;
    }
    if (temperature != 0) {
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
    // No token is likeliest when a logit is NaN: pass NaN on instead of reading outside the row.
    const drawn: f32 = token < 0 ? NaN : load<f32>(at(row, token));
    store<f32>(at(logProbs, i), (drawn - largest) * factor - log1(total));
  }
}
