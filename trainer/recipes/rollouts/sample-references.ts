import type { PromptExample } from '../../data/types.ts';
import { createGenerator } from '../../generate.ts';
import { isRewardModel } from '../../model/config.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { disposeParams } from '../../model/params.ts';
import { createRng } from '../../rng.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';

const ROWS_PER_PASS = 64;

/**
 * Samples of a language model as a reward model reads them: prompt, response, EOS last. Prompts are taken in turn until
 * `count` samples are there; those that leave no room for a response are passed over.
 *
 * @returns null when the folder holds no language model, or no prompt fits
 */
export async function sampleReferences(args: {
  modelFolder: string;
  prompts: readonly PromptExample[];
  tokenizer: Tokenizer;
  count: number;
  maxNewTokens: number;
  maxLength: number;
  seed: number;
}): Promise<number[][] | null> {
  const { modelFolder, prompts, tokenizer, count, maxLength, seed } = args;
  const { params, config } = loadPretrained(modelFolder);
  const generator = createGenerator({ params, config });
  try {
    if (isRewardModel(config)) return null;
    const longest = Math.min(maxLength, config.maxPositions);
    const maxNewTokens = Math.min(args.maxNewTokens, Math.max(1, longest >> 1));
    const encoded = prompts
      .slice(0, count)
      .map(({ prompt }) => tokenizer.encodeChat(prompt, { addGenerationPrompt: true }))
      .filter((ids) => ids.length + maxNewTokens <= longest);
    if (encoded.length === 0) return null;
    const promptIds = Array.from({ length: count }, (_, i) => encoded[i % encoded.length] as number[]);
    const rng = createRng(seed, 'reference samples');
    const samples: number[][] = [];
    for (let start = 0; start < count; start += ROWS_PER_PASS) {
      const part = promptIds.slice(start, start + ROWS_PER_PASS);
      const { responses, ended } = await generator.generate({
        promptIds: part,
        maxNewTokens,
        temperature: 1,
        rng,
        eosTokenIds: [tokenizer.eosTokenId],
        padTokenId: tokenizer.padTokenId,
      });
      responses.forEach((response, i) => {
        const stop = ended[i] ? [] : [tokenizer.eosTokenId];
        samples.push([...(part[i] as number[]), ...response, ...stop]);
      });
    }
    return samples;
  } finally {
    generator.dispose();
    disposeParams(params);
  }
}
