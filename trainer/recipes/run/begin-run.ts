import { deviceName } from '../../backends/device-name.ts';
import type { TrainEvent } from '../../events.ts';
import type { ModelConfig } from '../../model/config.ts';
import { countParams } from '../../model/params.ts';
import { checkAdapterChangesNothing, type Trainable } from './adapted-model.ts';
import type { Run } from './open-run.ts';
import { checkPadDiffersFromEos } from './self-check.ts';

/**
 * What a run says before its first step (`yield*`): the plan, and the checks that all runs make.
 *
 * @param about.model the model that is trained
 * @param about.firstIds some row of tokens, for the check of a new adapter
 * @throws with the numbers when a check fails
 */
export async function* beginRun(
  { recipe, config, backend }: Run,
  about: {
    totalSteps: number;
    /** done already */
    step: number;
    model: Trainable & { config: ModelConfig };
    tokenizer: { padTokenId: number; eosTokenId: number };
    firstIds: readonly number[];
  },
): AsyncGenerator<TrainEvent> {
  const { totalSteps, step, model, tokenizer, firstIds } = about;
  const numParameters = countParams(model.params);
  yield { type: 'plan', recipe, totalSteps, config, backend, device: deviceName(backend), numParameters };
  yield checkPadDiffersFromEos(tokenizer);
  if (model.adapter && step === 0)
    yield await checkAdapterChangesNothing(model, { ids: firstIds, padTokenId: tokenizer.padTokenId });
}
