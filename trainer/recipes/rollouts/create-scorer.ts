/** Shapes: B rows, T width, D model width. */

import type { ModelConfig } from '../../model/config.ts';
import { forwardHidden } from '../../model/decoder.ts';
import { scoreHidden } from '../../model/heads.ts';
import { countParams, type Params } from '../../model/params.ts';
import type { TokenBatch } from '../../model/token-batch.ts';
import { compile, type Precision } from '../../tensors/compile.ts';
import type { Tensor } from '../../tensors/tf.ts';
import { isPackingWorthIt } from '../batches/is-packing-worth-it.ts';
import { packedBatch } from '../batches/token-batch.ts';
import { ints } from '../run/host-arrays.ts';

/** Rows per forward pass: enough to fill two cores at toy sizes, small enough for long rows. */
const ROWS_PER_PASS = 32;

/**
 * Scores whole sequences with a reward model: the head on the hidden state of each row's last real token, never of a pad
 * (training.md R7). Rows go through sorted by length, answers to one prompt together where they are given together; the
 * scores come back in the order given.
 *
 * @param model.params the model's parameters, read at each call, so a training run can measure itself
 */
export function createScorer(model: {
  params: Params;
  config: ModelConfig;
  padTokenId: number;
  precision?: Precision;
}): (rows: readonly (readonly number[])[]) => Promise<Float32Array> {
  const { params, config, padTokenId, precision } = model;
  const pack = isPackingWorthIt(countParams(params));
  const pass = compile(
    'score',
    (inputs: TokenBatch & { lastB: Tensor }) => {
      const hiddenBD = forwardHidden(params, config, inputs, { rowsM: inputs.lastB });
      return { scoresB: scoreHidden(params, config, hiddenBD) };
    },
    { precision },
  );
  return async (rows) => {
    const scores = new Float32Array(rows.length);
    const inOrder = orderOfPasses(rows, pack);
    for (let start = 0; start < inOrder.length; start += ROWS_PER_PASS) {
      const picked = inOrder.slice(start, start + ROWS_PER_PASS);
      const { arrays, rowOf } = packedBatch(
        picked.map((i) => rowAt(rows, i)),
        { padTokenId, pack },
      );
      const lastB = ints(picked.map((i, b) => rowOf(b, rowAt(rows, i).length - 1)));
      const { scoresB } = await pass({ ...arrays, lastB });
      picked.forEach((i, b) => {
        scores[i] = scoresB.data[b] as number;
      });
    }
    return scores;
  };
}

/** By length; in packed batches neighbours that share half of their tokens stay together: their beginning is computed once. */
function orderOfPasses(rows: readonly (readonly number[])[], pack: boolean): number[] {
  const groups: { places: number[]; longest: number }[] = [];
  rows.forEach((_, i) => {
    const row = rowAt(rows, i);
    const group = groups.at(-1);
    const before = i > 0 ? rowAt(rows, i - 1) : [];
    let inCommon = 0;
    while (inCommon < row.length && row[inCommon] === before[inCommon]) inCommon++;
    if (pack && group && 2 * inCommon >= row.length) {
      group.places.push(i);
      group.longest = Math.max(group.longest, row.length);
    } else groups.push({ places: [i], longest: row.length });
  });
  return groups.sort((a, b) => a.longest - b.longest).flatMap(({ places }) => places);
}

function rowAt(rows: readonly (readonly number[])[], i: number): readonly number[] {
  const row = rows[i];
  if (!row || row.length === 0) throw new Error(`score: row ${i} is ${row ? 'empty' : 'missing'}`);
  return row;
}
