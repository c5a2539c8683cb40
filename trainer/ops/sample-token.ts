import { type Tensor, type Tensor1D, tf } from '../tensors/tf.ts';
import { expectTensor } from './expect-tensor.ts';
import { registerReference, runKernelForMany } from './kernel.ts';

export const SAMPLE_TOKEN = 'PlumblineSampleToken';

registerReference(SAMPLE_TOKEN, ({ logits, uniforms }, { temperature }) => {
  const [batch, vocab] = (logits as Tensor).shape as [number, number];
  const rows = (logits as Tensor).dataSync<'float32'>();
  const draws = (uniforms as Tensor).dataSync();
  const tokens = new Int32Array(batch);
  const logProbs = new Float32Array(batch);
  for (let b = 0; b < batch; b++) {
    const row = rows.subarray(b * vocab, (b + 1) * vocab);
    const best = row.reduce((top, value, i) => (value > (row[top] as number) ? i : top), 0);
    const weights = row.map((value) => Math.exp((value - (row[best] as number)) / (temperature || 1)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0)) refuseLogits(b);
    let token = best;
    if (temperature !== 0) {
      let left = (draws[b] as number) * total;
      // The last token with weight takes what rounding leaves over.
      for (let i = 0; i < vocab; i++) {
        if (weights[i] === 0) continue;
        token = i;
        left -= weights[i] as number;
        if (left < 0) break;
      }
    }
    tokens[b] = token;
    logProbs[b] = ((row[token] as number) - (row[best] as number)) / (temperature || 1) - Math.log(total);
  }
  return [tf.tensor1d(tokens, 'int32'), tf.tensor1d(logProbs)];
});

/** @throws Error: row `row` of the logits has nothing to draw; for kernels */
export function refuseLogits(row: number): never {
  throw new Error(`sampleToken: the logits of row ${row} have no largest value (NaN or infinite)`);
}

/**
 * One token for each row of logits [B, V] by the inverse of the cumulated probabilities at `uniforms` [B] in [0, 1);
 * temperature 0 takes the most probable. `logProbsB` is that of the drawn token at this temperature (at 1 for 0).
 */
export function sampleToken(
  logitsBV: Tensor,
  uniformsB: Tensor,
  temperature: number,
): { tokensB: Tensor1D; logProbsB: Tensor1D } {
  if (!(temperature >= 0)) throw new Error(`sampleToken: temperature is ${temperature}, expected 0 or more`);
  expectTensor('sampleToken: logits', logitsBV, [null, null]);
  expectTensor('sampleToken: uniforms', uniformsB, [logitsBV.shape[0] as number]);
  const [tokensB, logProbsB] = runKernelForMany(
    SAMPLE_TOKEN,
    { logits: logitsBV, uniforms: uniformsB },
    { temperature },
  ) as [Tensor1D, Tensor1D];
  return { tokensB, logProbsB };
}
