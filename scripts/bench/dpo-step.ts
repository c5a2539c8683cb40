import { dpoSchema } from '../../trainer/config/dpo.ts';
import { rankedPairs } from '../../trainer/math/ranked-pairs.ts';
import type { ModelConfig } from '../../trainer/model/config.ts';
import { countParams, type Params } from '../../trainer/model/params.ts';
import { createAdamW } from '../../trainer/optim/adamw.ts';
import { isPackingWorthIt } from '../../trainer/recipes/batches/is-packing-worth-it.ts';
import { completionsOf, pairBatch } from '../../trainer/recipes/dpo/pair-batch.ts';
import { createDpoStep } from '../../trainer/recipes/dpo/steps.ts';
import { createCompletionReader } from '../../trainer/recipes/rollouts/read-completions.ts';
import { floats, scalarOf } from '../../trainer/recipes/run/host-arrays.ts';
import type { Job } from './job.ts';
import type { StepSettings, TrainingStep } from './language-model-step.ts';

/** The step of the DPO recipe on pairs; rows are chosen and rejected in turn. Reference log-probabilities come first, as there. */
export async function dpoStep(
  { params, config }: { params: Params; config: ModelConfig },
  { learningRate, precision, ...adamw }: StepSettings,
  { batches, promptLength }: Pick<Job, 'batches' | 'promptLength'>,
): Promise<TrainingStep> {
  const optimizer = createAdamW(params, adamw);
  const pack = isPackingWorthIt(countParams(params));
  const rowsOf = (rows: readonly number[][]) =>
    Array.from({ length: rows.length / 2 }, (_, i) => ({
      ...{ id: String(i), margin: 0, responses: [], longestResponse: 0, promptLength },
      sequences: rows.slice(2 * i, 2 * i + 2),
      pairs: rankedPairs([0, 1], { useTies: false }),
    }));
  const { read } = createCompletionReader({ params, config, padTokenId: 0, precision });
  const references = new Map<readonly number[][], Float32Array>();
  for (const rows of batches)
    references.set(rows, (await read(rowsOf(rows).flatMap(completionsOf))).logProbsS);
  const update = createDpoStep({
    model: { params, trainable: params, config },
    optimizer,
    config: dpoSchema.parse({ precision }),
  });
  return {
    run: async (rows) => {
      const pairs = rowsOf(rows);
      const { loss } = await update({
        ...pairBatch(pairs, { padTokenId: 0, pack, numRows: pairs.length }),
        referenceS: floats(references.get(rows) as Float32Array),
        ...optimizer.advance(learningRate),
      });
      return scalarOf(loss);
    },
    dispose: () => optimizer.dispose(),
  };
}
