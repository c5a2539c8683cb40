/**
 * Weight change of a LoRA adapter (arXiv:2106.09685; peft src/peft/tuners/lora/layer.py): (alpha / r) B A, or
 * (alpha / sqrt r) B A for rank-stabilised LoRA.
 *
 * @param a [r, in] row by row, b [out, r] row by row
 * @returns [out, in] row by row
 */
export function loraDelta(args: {
  a: ArrayLike<number>;
  b: ArrayLike<number>;
  rank: number;
  alpha: number;
  rankStabilized?: boolean;
}): Float64Array {
  const { a, b, rank, alpha, rankStabilized = false } = args;
  if (a.length % rank !== 0 || b.length % rank !== 0) {
    throw new Error(
      `loraDelta: A has ${a.length} and B ${b.length} entries, expected multiples of the rank ${rank}`,
    );
  }
  const numIn = a.length / rank;
  const numOut = b.length / rank;
  const scale = alpha / (rankStabilized ? Math.sqrt(rank) : rank);
  const delta = new Float64Array(numOut * numIn);
  for (let o = 0; o < numOut; o++) {
    for (let i = 0; i < numIn; i++) {
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += (b[o * rank + k] as number) * (a[k * numIn + i] as number);
      delta[o * numIn + i] = scale * sum;
    }
  }
  return delta;
}
