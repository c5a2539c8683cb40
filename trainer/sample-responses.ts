import { createRng } from '../lib/rng.ts';
import { chooseBackend } from './backends/choose.ts';
import type { PromptExample } from './data/types.ts';
import { createGenerator } from './generate.ts';
import { loadPretrained } from './model/files/load-pretrained.ts';
import { disposeParams } from './model/params.ts';
import { encodePrompt, type Refusal, refusalNotice } from './tokenizer/encode-prompt.ts';
import { loadTokenizer } from './tokenizer/load-tokenizer.ts';
import { stopIds, withoutStop } from './tokenizer/stop-ids.ts';

export type SampledResponses = {
  /** per prompt, `perPrompt` texts */
  responses: string[][];
  /** per prompt and text: whether it ended by itself */
  ended: boolean[][];
  /** prompts that the chat template refuses; they have no responses */
  refused: Refusal[];
};

/**
 * Samples answers to prompts from a model folder. `onProgress` is told how many prompts are done.
 * @throws Error when the chat template refuses every prompt
 */
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
  const { params, config, generationConfig } = loadPretrained(modelFolder);
  const eosTokenIds = stopIds(tokenizer, generationConfig);
  const generator = createGenerator({ params, config });
  const rng = createRng(args.seed, 'sample-responses');
  const promptsAtOnce = Math.max(1, Math.floor(batchSize / perPrompt));
  const refused: Refusal[] = [];
  const result: SampledResponses = { responses: [], ended: [], refused };
  try {
    for (let from = 0; from < prompts.length && !args.signal?.aborted; from += promptsAtOnce) {
      const part = prompts
        .slice(from, from + promptsAtOnce)
        .map((prompt) => encodePrompt(tokenizer, prompt, refused));
      const { responses, ended } = await generator.generate({
        promptIds: part.flatMap((ids) => (ids === null ? [] : Array.from({ length: perPrompt }, () => ids))),
        maxNewTokens: args.maxNewTokens,
        temperature: args.temperature,
        rng,
        eosTokenIds,
        padTokenId: tokenizer.padTokenId,
      });
      let first = 0;
      for (const ids of part) {
        const rows = responses.slice(first, first + (ids === null ? 0 : perPrompt));
        const stops = ended.slice(first, first + rows.length);
        result.responses.push(
          rows.map((row, i) => tokenizer.decode(withoutStop(row, stops[i] as boolean)).trim()),
        );
        result.ended.push(stops);
        first += rows.length;
      }
      // some are the caller's to tell of; with none left there is nothing to go on with
      if (refused.length === prompts.length)
        throw new Error(`nothing to answer: ${refusalNotice(refused, prompts.length)}`);
      args.onProgress?.(Math.min(from + promptsAtOnce, prompts.length));
      await new Promise((resolve) => setImmediate(resolve)); // let a signal or a timer in
    }
  } finally {
    generator.dispose();
    disposeParams(params);
  }
  return result;
}
