import type { z } from 'zod';
import { createRng } from '../../../lib/rng.ts';
import type { sampleFields } from '../../config/common.ts';
import type { Sample } from '../../events.ts';
import { createGenerator } from '../../generate.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { Params } from '../../model/params.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { withoutStop } from '../../tokenizer/stop-ids.ts';

type SampleOptions = { [Name in keyof typeof sampleFields]: z.output<(typeof sampleFields)[Name]> };

export type Sampled = {
  samples: Sample[];
  /** under the names of docs/metrics.md; empty where there are no samples */
  figures: Partial<Record<'eval_responses_len' | 'eval_ended', number>>;
};

export type AnswerSampler = {
  sample(): Promise<Sampled>;
  /** Frees the caches, not the model. */
  dispose(): void;
};

/**
 * What a model in training says to a few prompts. The draws are the same at every call, so that two evaluations differ by the
 * model alone; the random streams of training are not touched.
 *
 * @param about.promptIds as generation meets them, in order of preference; equal ones are taken once, and those that leave no room
 *   for an answer never
 */
export function createAnswerSampler(
  model: { params: Params; config: ModelConfig },
  about: {
    promptIds: readonly (readonly number[])[];
    tokenizer: Tokenizer;
    eosTokenIds: readonly number[];
    options: SampleOptions;
    seed: number;
  },
): AnswerSampler {
  const { tokenizer, eosTokenIds, options, seed } = about;
  const distinct = [...new Map(about.promptIds.map((ids) => [ids.join(), ids])).values()];
  const promptIds = distinct
    .filter((ids) => ids.length > 0 && ids.length < model.config.maxPositions)
    .slice(0, options.samplePrompts);
  const longest = Math.max(0, ...promptIds.map((ids) => ids.length));
  const maxNewTokens = Math.min(options.sampleTokens, model.config.maxPositions - longest);
  const generator = createGenerator(model);
  return {
    async sample() {
      if (promptIds.length === 0) return { samples: [], figures: {} };
      const { responses, ended } = await generator.generate({
        ...{ promptIds, maxNewTokens, eosTokenIds, padTokenId: tokenizer.padTokenId, temperature: 1 },
        rng: createRng(seed, 'samples'),
      });
      const samples = responses.map((ids, i) => {
        const hasEnded = ended[i] as boolean;
        return {
          prompt: tokenizer.decode(promptIds[i] as number[]),
          response: tokenizer.decode(withoutStop(ids, hasEnded)),
          figures: { numTokens: ids.length, ended: Number(hasEnded) },
        };
      });
      const mean = (name: 'numTokens' | 'ended') =>
        samples.reduce((sum, { figures }) => sum + figures[name], 0) / samples.length;
      return { samples, figures: { eval_responses_len: mean('numTokens'), eval_ended: mean('ended') } };
    },
    dispose: () => generator.dispose(),
  };
}
