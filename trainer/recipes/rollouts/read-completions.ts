/** Shapes: S completions, M their tokens, D model width. */
import { COMPLETIONS_PER_PASS } from '../../config/reference-pass.ts';
import { type CompletionInputs, completionLogProbs, sumOfEach } from '../../model/completion-log-probs.ts';
import type { ModelConfig } from '../../model/config.ts';
import { countParams, type Params } from '../../model/params.ts';
import { compile, type Precision } from '../../tensors/compile.ts';
import { tf } from '../../tensors/tf.ts';
import { type CompletionRow, completionBatch } from '../batches/completion-batch.ts';
import { isPackingWorthIt } from '../batches/is-packing-worth-it.ts';
import { orderOfPasses } from '../batches/order-of-passes.ts';

type ReadCompletions = {
  /** log pi, summed over each completion's tokens, [S] */
  logProbsS: Float32Array;
  /** mean of the hidden states that each completion's tokens were predicted from, row after row, [S * D] */
  meansSD: Float32Array;
};

export type CompletionReader = {
  read(rows: readonly CompletionRow[]): Promise<ReadCompletions>;
  /** the same, telling after each pass how many rows are done */
  readInPasses(rows: readonly CompletionRow[]): AsyncGenerator<number, ReadCompletions>;
};

/**
 * Reads completions without a gradient: the frozen reference before training, the policy at evaluations. Rows go through
 * sorted by length, those given together that begin alike stay together; results come back in the order given.
 *
 * @param model.params read at each call, so a training run can measure itself
 */
export function createCompletionReader(model: {
  params: Params;
  config: ModelConfig;
  padTokenId: number;
  precision?: Precision;
}): CompletionReader {
  const { params, config, padTokenId, precision } = model;
  const pack = isPackingWorthIt(countParams(params));
  const pass = compile(
    'completion log-probs',
    (inputs: CompletionInputs) => {
      const { logProbsS, hiddenMD } = completionLogProbs({ params, config }, inputs, { recompute: false });
      const countedMD = tf.mul(hiddenMD, tf.expandDims(inputs.countsM, 1));
      const meansSD = tf.div(sumOfEach(countedMD, inputs), tf.expandDims(inputs.lengthsS, 1));
      return { logProbsS, meansSD };
    },
    { precision },
  );
  async function* readInPasses(rows: readonly CompletionRow[]): AsyncGenerator<number, ReadCompletions> {
    const logProbsS = new Float32Array(rows.length);
    const meansSD = new Float32Array(rows.length * config.hiddenSize);
    const inOrder = orderOfPasses(
      rows.map(({ promptIds, responseIds }) => [...promptIds, ...responseIds]),
      pack,
    );
    for (let start = 0; start < inOrder.length; start += COMPLETIONS_PER_PASS) {
      const picked = inOrder.slice(start, start + COMPLETIONS_PER_PASS);
      const read = await pass(
        completionBatch(
          picked.map((s) => rows[s] as CompletionRow),
          { padTokenId, pack },
        ),
      );
      picked.forEach((s, i) => {
        logProbsS[s] = read.logProbsS.data[i] as number;
        const { hiddenSize } = config;
        meansSD.set(read.meansSD.data.subarray(i * hiddenSize, (i + 1) * hiddenSize), s * hiddenSize);
      });
      yield start + picked.length;
    }
    return { logProbsS, meansSD };
  }
  return {
    readInPasses,
    async read(rows) {
      const passes = readInPasses(rows);
      let next = await passes.next();
      while (!next.done) next = await passes.next();
      return next.value;
    },
  };
}
