import type { Precision } from '../../trainer/tensors/compile.ts';

/** Greedy continuations: tokens and the log-probability of each, [B][T]. */
export type Greedy = { tokens: number[][]; logProbs: number[][] };

export type Agreement = { agree: boolean; largestDifference: number; tolerance: number };

const FLOAT32_TOLERANCE = 1e-3;
/** One unit in the last place of bfloat16 (8 significant bits), relative: what rounding a loss once would change. */
const BFLOAT16_STEP = 2 ** -8;

/**
 * Losses of both sides on the same data from the same start, step by step. In float32 no step may differ by more than 1e-3.
 * With products in bfloat16 both sides round thousands of inputs each in their own order: there the tolerance is one
 * rounding step of bfloat16 of the loss itself.
 */
export function lossesAgree(
  ours: readonly number[],
  peer: readonly number[],
  precision: Precision,
): Agreement {
  if (ours.length === 0 || ours.length !== peer.length)
    throw new Error(`lossesAgree: ${ours.length} losses of ours, ${peer.length} of the peer`);
  const largest = peer.reduce((max, loss) => Math.max(max, Math.abs(loss)), 0);
  const tolerance = precision === 'float32' ? FLOAT32_TOLERANCE : BFLOAT16_STEP * largest;
  const differences = ours.map((loss, step) => Math.abs(loss - (peer[step] as number)));
  return judged(differences, tolerance);
}

/**
 * Greedy continuations of both sides. Up to the first token in which a row differs its log-probabilities must be equal to
 * 1e-3, and there too: two tokens may only change places where they are as probable as each other. What comes after has
 * another context and is not compared.
 */
export function greedyAgrees(ours: Greedy, peer: Greedy): Agreement {
  if (ours.tokens.length === 0 || ours.tokens.length !== peer.tokens.length)
    throw new Error(`greedyAgrees: ${ours.tokens.length} rows of ours, ${peer.tokens.length} of the peer`);
  const differences = ours.tokens.flatMap((row, b) => {
    const theirs = peer.tokens[b] as number[];
    if (row.length !== theirs.length)
      throw new Error(`greedyAgrees: row ${b} has ${row.length} tokens, the peer's ${theirs.length}`);
    const split = row.findIndex((token, t) => token !== theirs[t]);
    const last = split === -1 ? row.length : split + 1;
    return Array.from({ length: last }, (_, t) =>
      Math.abs((ours.logProbs[b]?.[t] as number) - (peer.logProbs[b]?.[t] as number)),
    );
  });
  return judged(differences, FLOAT32_TOLERANCE);
}

/** NaN agrees with nothing. */
function judged(differences: readonly number[], tolerance: number): Agreement {
  const largestDifference = differences.some(Number.isNaN) ? Number.NaN : Math.max(...differences);
  return { agree: largestDifference <= tolerance, largestDifference, tolerance };
}
