import { chooseBackend } from './backends/choose.ts';
import type { PromptExample } from './data/types.ts';
import { createGenerator } from './generate.ts';
import { loadPretrained } from './model/files/load-pretrained.ts';
import { disposeParams } from './model/params.ts';
import { createRng } from './rng.ts';
import { loadTokenizer } from './tokenizer/load-tokenizer.ts';

export type SampledResponses = {
  /** per prompt, `perPrompt` texts */
  responses: string[][];
  /** per prompt and text: whether it ended by itself */
  ended: boolean[][];
};

/** Samples answers to prompts from a model folder. `onProgress` is told how many prompts are done. */
export async function sampleResponses(args: {
  modelFolder: string;
  prompts: readonly PromptExample[];
  perPrompt: number;
  maxNewTokens: number;
  temperature: number;
  seed: number;
  backend: string | undefined;
  /** answers generated together */
  batchSize?: number;
  signal?: AbortSignal;
  onProgress?: (done: number) => void;
}): Promise<SampledResponses> {
  const { modelFolder, prompts, perPrompt, batchSize = 64 } = args;
  await chooseBackend(args.backend);
  const tokenizer = loadTokenizer(modelFolder);
  const { params, config } = loadPretrained(modelFolder);
  const generator = createGenerator({ params, config });
  const rng = createRng(args.seed, 'sample-responses');
  const promptsAtOnce = Math.max(1, Math.floor(batchSize / perPrompt));
  const result: SampledResponses = { responses: [], ended: [] };
  try {
    for (let from = 0; from < prompts.length && !args.signal?.aborted; from += promptsAtOnce) {
      const part = prompts.slice(from, from + promptsAtOnce);
      const { responses, ended } = await generator.generate({
        promptIds: part.flatMap(({ prompt }) => {
          const ids = tokenizer.encodeChat(prompt, { addGenerationPrompt: true });
          return Array.from({ length: perPrompt }, () => ids);
        }),
        maxNewTokens: args.maxNewTokens,
        temperature: args.temperature,
        rng,
        eosTokenIds: [tokenizer.eosTokenId],
        padTokenId: tokenizer.padTokenId,
      });
      for (let i = 0; i < part.length; i++) {
        const rows = responses.slice(i * perPrompt, (i + 1) * perPrompt);
        result.responses.push(rows.map((ids) => tokenizer.decode(ids).trim()));
        result.ended.push(ended.slice(i * perPrompt, (i + 1) * perPrompt));
      }
      args.onProgress?.(Math.min(from + promptsAtOnce, prompts.length));
      await new Promise((resolve) => setImmediate(resolve)); // let a signal or a timer in
    }
  } finally {
    generator.dispose();
    disposeParams(params);
  }
  return result;
}
