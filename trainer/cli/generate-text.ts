import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sizeNativeThreads } from '../backends/native-threads.ts';
import { numParametersOf } from '../cost/model-size.ts';
import { isRewardModel } from '../model/config.ts';
import { loadModelConfig } from '../model/files/load-pretrained.ts';
import { sampleResponses } from '../sample-responses.ts';
import { resolveModel } from './resolve-model.ts';
import type { GenerateOptions } from './train-options.ts';
import { UsageError } from './usage-error.ts';

export type GenerateResult = {
  prompt: string;
  samples: { text: string; ended: boolean }[];
  seed: number;
  seconds: number;
};

/** Answers one prompt as the model's chat template asks. Throws UsageError when there is no model. */
export async function generateText(
  options: GenerateOptions,
  io: { note: (line: string) => void; signal: AbortSignal },
): Promise<GenerateResult> {
  const { prompt, samples } = options;
  const model = await resolveModel(options.model, io);
  if (!existsSync(join(model, 'config.json'))) {
    throw new UsageError(
      `--model ${model}: no config.json there; expected a model folder in Hugging Face's layout`,
    );
  }
  const config = loadModelConfig(model);
  if (isRewardModel(config)) {
    throw new UsageError(
      `--model ${model}: a ${config.architecture} gives scores, not text; expected a language model`,
    );
  }
  sizeNativeThreads(numParametersOf(config));
  const startedAt = performance.now();
  const { responses, ended } = await sampleResponses({
    modelFolder: model,
    prompts: [{ id: 'prompt', prompt: [{ role: 'user', content: prompt }] }],
    perPrompt: samples,
    maxNewTokens: options.maxNew,
    temperature: options.temperature,
    seed: options.seed,
    backend: options.backend,
    signal: io.signal,
  });
  return {
    prompt,
    samples: (responses[0] ?? []).map((text, i) => ({ text, ended: ended[0]?.[i] ?? false })),
    seed: options.seed,
    seconds: Math.round((performance.now() - startedAt) / 10) / 100,
  };
}
