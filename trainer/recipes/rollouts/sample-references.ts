import { createRng } from '../../../lib/rng.ts';
import type { PromptExample } from '../../data/types.ts';
import { createGenerator } from '../../generate.ts';
import { isRewardModel } from '../../model/config.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { disposeParams } from '../../model/params.ts';
import { encodePrompt } from '../../tokenizer/encode-prompt.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { stopIds, withoutStop } from '../../tokenizer/stop-ids.ts';

const ROWS_PER_PASS = 64;

/**
 * Samples of a language model as a reward model reads them: prompt, response, the turn's end last. Prompts are taken in turn until
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
  const { params, config, generationConfig } = loadPretrained(modelFolder);
  const generator = createGenerator({ params, config });
  try {
    if (isRewardModel(config)) return null;
    const longest = Math.min(maxLength, config.maxPositions);
    const maxNewTokens = Math.min(args.maxNewTokens, Math.max(1, longest >> 1));
    const encoded = prompts
      .slice(0, count)
      .flatMap((prompt) => {
        const ids = encodePrompt(tokenizer, prompt, []);
        return ids === null ? [] : [ids];
      })
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
        eosTokenIds: stopIds(tokenizer, generationConfig),
        padTokenId: tokenizer.padTokenId,
      });
      responses.forEach((response, i) => {
        const answer = withoutStop(response, ended[i] as boolean);
        samples.push([...(part[i] as number[]), ...answer, tokenizer.turnEndId]);
      });
    }
    return samples;
  } finally {
    generator.dispose();
    disposeParams(params);
  }
}
