import { crossEntropy } from '../../trainer/losses/cross-entropy.ts';
import type { ModelConfig } from '../../trainer/model/config.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { countParams, type Params } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { type AdamWConfig, type AdamWScalars, createAdamW } from '../../trainer/optim/adamw.ts';
import { valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { answerBatch } from '../../trainer/recipes/batches/answer-batch.ts';
import { isPackingWorthIt } from '../../trainer/recipes/batches/is-packing-worth-it.ts';
import { scalarOf } from '../../trainer/recipes/run/host-arrays.ts';
import { compile, type Precision } from '../../trainer/tensors/compile.ts';
import type { Tensor } from '../../trainer/tensors/tf.ts';

/** A training step; gives its loss. */
export type TrainingStep = { run: (rows: readonly number[][]) => Promise<number>; dispose: () => void };

export type StepSettings = AdamWConfig & { learningRate: number; precision?: Precision };

/** The step of the SFT recipe, with every token of a row but the first as answer. */
export function languageModelStep(
  { params, config }: { params: Params; config: ModelConfig },
  { learningRate, precision, ...adamw }: StepSettings,
): TrainingStep {
  const optimizer = createAdamW(params, adamw);
  const pack = isPackingWorthIt(countParams(params));
  type Batch = TokenBatch & Record<'rowsM' | 'targetsM' | 'weightsM', Tensor>;
  const update = compile(
    'bench sft step',
    (inputs: Batch & AdamWScalars<Tensor>) => {
      const { loss, grads } = valueAndGrads(params, () => {
        const hiddenMD = forwardHidden(params, config, inputs, { rowsM: inputs.rowsM });
        const logitsMV = lmLogits(params, config, hiddenMD);
        return { loss: crossEntropy(tokenLogProbs(logitsMV, inputs.targetsM), inputs.weightsM) };
      });
      return { loss, gradNorm: optimizer.update(grads, inputs) };
    },
    { precision },
  );
  return {
    run: async (rows) => {
      const parts = rows.map((ids) => ({ promptIds: ids.slice(0, 1), responseIds: ids.slice(1) }));
      const numTokens = parts.reduce((sum, { responseIds }) => sum + responseIds.length, 0);
      const batch = answerBatch(parts, { padTokenId: 0, pack, numTokens });
      return scalarOf((await update({ ...batch, ...optimizer.advance(learningRate) })).loss);
    },
    dispose: () => optimizer.dispose(),
  };
}
