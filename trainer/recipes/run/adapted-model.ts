/** LoRA in a recipe: which adapter the options mean, how it begins or goes on, and where a checkpoint keeps it. */
import { join } from 'node:path';
import { createRng } from '../../../lib/rng.ts';
import { ADAPTER_FOLDER } from '../../checkpoint.ts';
import type { TrainEvent } from '../../events.ts';
import type { ModelConfig } from '../../model/config.ts';
import { forwardHidden } from '../../model/decoder.ts';
import { loadAdapter } from '../../model/files/adapter-files.ts';
import { addLora, trainableByLora } from '../../model/lora/lora.ts';
import type { LoraConfig } from '../../model/lora/lora-config.ts';
import { isLoraName } from '../../model/lora/lora-names.ts';
import { loraConfigOf } from '../../model/lora/lora-options.ts';
import { disposeParams, type Params } from '../../model/params.ts';
import type { TokenBatch } from '../../model/token-batch.ts';
import { compile } from '../../tensors/compile.ts';
import { tf } from '../../tensors/tf.ts';
import { tokenBatch } from '../batches/token-batch.ts';
import { scalarOf } from './host-arrays.ts';
import type { Run } from './open-run.ts';
import { selfCheck } from './self-check.ts';

export type Trainable = {
  /** what the forward pass uses */
  params: Params;
  /** what the optimizer changes: all of it, or the adapter */
  trainable: Params;
  /** as checkpoints take it; null where every weight is trained */
  adapter: { lora: LoraConfig; baseModel: string } | null;
};

/**
 * The model as it is trained. With a rank it gets a new adapter, or that of the checkpoint which the run goes on from; the base
 * is the same in both cases, and keeps its variables: `base.params` is the model with the adapter off. A reward model's head
 * is trained whole. When it fails, the base is freed.
 * @param base of weightsFolder(run)
 */
export function asTrainable(base: { params: Params; config: ModelConfig }, run: Run): Trainable {
  const { lora: options, runtime } = run.config;
  const { model: baseModel, resumeFrom } = run.folders;
  const { config } = base;
  const lora = loraConfigOf(options, config);
  if (lora === null || baseModel === null)
    return { params: base.params, trainable: base.params, adapter: null };
  try {
    const { params } = resumeFrom
      ? loadAdapter(join(resumeFrom, ADAPTER_FOLDER), base)
      : { params: addLora(base.params, { config, lora, rng: createRng(runtime.seed, 'lora') }) };
    return { params, trainable: trainableByLora(params, config, lora), adapter: { lora, baseModel } };
  } catch (error) {
    disposeParams(base.params);
    throw error;
  }
}

/** A new adapter must change nothing: the hidden states of one row with it and without it. */
export async function checkAdapterChangesNothing(
  model: { params: Params; config: ModelConfig },
  row: { ids: readonly number[]; padTokenId: number },
): Promise<Extract<TrainEvent, { type: 'self-check' }>> {
  const base = Object.fromEntries(Object.entries(model.params).filter(([name]) => !isLoraName(name)));
  const step = compile('adapter check', (inputs: TokenBatch) => {
    const withND = forwardHidden(model.params, model.config, inputs);
    return { largest: tf.max(tf.abs(tf.sub(withND, forwardHidden(base, model.config, inputs)))) };
  });
  const { width: _, ...batch } = tokenBatch([row.ids], row.padTokenId);
  const { largest: output } = await step(batch);
  const largest = scalarOf(output);
  return selfCheck({
    name: 'new adapter changes nothing',
    deviation: largest,
    tolerance: 1e-5,
    detail: `largest difference of hidden states over ${row.ids.length} tokens: ${largest}`,
  });
}
