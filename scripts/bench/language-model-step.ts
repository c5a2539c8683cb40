import type { ModelConfig } from '../../trainer/model/config.ts';
import { countParams, type Params } from '../../trainer/model/params.ts';
import { type AdamWConfig, createAdamW } from '../../trainer/optim/adamw.ts';
import { answerBatch } from '../../trainer/recipes/batches/answer-batch.ts';
import { isPackingWorthIt } from '../../trainer/recipes/batches/is-packing-worth-it.ts';
import { scalarOf } from '../../trainer/recipes/run/host-arrays.ts';
import { createNextTokenSteps } from '../../trainer/recipes/run/next-token-steps.ts';
import type { Precision } from '../../trainer/tensors/compile.ts';

/** A training step; gives its loss. */
export type TrainingStep = { run: (rows: readonly number[][]) => Promise<number>; dispose: () => void };

export type StepSettings = AdamWConfig & { learningRate: number; precision?: Precision };

/** The step of the SFT recipe, with every token of a row but the first as answer. */
export function languageModelStep(
  { params, config: model }: { params: Params; config: ModelConfig },
  { learningRate, precision, ...adamw }: StepSettings,
): TrainingStep {
  const optimizer = createAdamW(params, adamw);
  const pack = isPackingWorthIt(countParams(params));
  const options = { precision };
  const steps = createNextTokenSteps({
    ...{ name: 'bench sft', params, trainable: params, model, optimizer, options },
  });
  return {
    run: async (rows) => {
      const parts = rows.map((ids) => ({ promptIds: ids.slice(0, 1), responseIds: ids.slice(1) }));
      const numTokens = parts.reduce((sum, { responseIds }) => sum + responseIds.length, 0);
      const batch = answerBatch(parts, { padTokenId: 0, pack, numTokens });
      return scalarOf((await steps.update({ ...batch, ...optimizer.advance(learningRate) })).loss);
    },
    dispose: () => optimizer.dispose(),
  };
}
