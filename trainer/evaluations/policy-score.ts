import { createRng } from '../../lib/rng.ts';
import { meanInterval } from '../../lib/statistics/mean-interval.ts';
import type { PromptExample } from '../data/types.ts';
import { createGenerator } from '../generate.ts';
import { loadPretrained } from '../model/files/load-pretrained.ts';
import { disposeParams } from '../model/params.ts';
import { type Response, respond } from '../recipes/rollouts/respond.ts';
import { openScore } from '../recipes/rollouts/scoring.ts';
import { encodePrompt, type Refusal, refusalNotice } from '../tokenizer/encode-prompt.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';

/** Rows per pass of generation. */
const ROWS_PER_PASS = 64;

/**
 * What a reward model gives one sampled answer of a model to each prompt, and, where a baseline is named, by how much that is more
 * than the baseline's answers to the same prompts get. Done again with the same seed it gives the same figures.
 *
 * @param goOn asked before each pass; false stops it
 * @returns score with low and high (95 %), ended, responseLength, prompts; with a baseline baselineScore and gain with gainLow and
 *   gainHigh (paired by prompt); a bound is left out where there is only one prompt. refused: prompts left out since the chat
 *   template of one of the models refuses them (docs/metrics.md). Null when stopped
 * @throws Error when a prompt leaves no room for an answer, all are refused, or the tokenizers differ
 */
export async function policyScore(args: {
  modelFolder: string;
  baselineFolder: string | null;
  rewardFolder: string;
  prompts: readonly PromptExample[];
  temperature: number;
  maxNewTokens: number;
  seed: number;
  goOn: () => Promise<boolean>;
}): Promise<Record<string, number> | null> {
  const { modelFolder, baselineFolder } = args;
  const speakers = [modelFolder, ...(baselineFolder === null ? [] : [baselineFolder])];
  const { prompts, refused } = acceptedBy(speakers, args.prompts);
  const own = await scoresOf({ ...args, prompts, modelFolder });
  if (own === null) return null;
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const { mean: score, bounds } = meanInterval(own.scores);
  const figures: Record<string, number> = {
    score,
    ...(bounds ?? {}),
    ended: mean(own.responses.map(({ ended }) => (ended ? 1 : 0))),
    responseLength: mean(own.responses.map(({ responseIds }) => responseIds.length)),
    prompts: own.scores.length,
    refused,
  };
  if (baselineFolder === null) return figures;
  const other = await scoresOf({ ...args, prompts, modelFolder: baselineFolder });
  if (other === null) return null;
  const gain = meanInterval(own.scores.map((s, i) => s - (other.scores[i] ?? Number.NaN)));
  return {
    ...figures,
    baselineScore: mean(other.scores),
    gain: gain.mean,
    ...(gain.bounds ? { gainLow: gain.bounds.low, gainHigh: gain.bounds.high } : {}),
  };
}

/** Prompts that the chat templates of all these models take. @throws Error with the first reason where none is left */
function acceptedBy(
  modelFolders: readonly string[],
  prompts: readonly PromptExample[],
): { prompts: readonly PromptExample[]; refused: number } {
  const refused: Refusal[] = [];
  let accepted = prompts;
  for (const folder of modelFolders) {
    const tokenizer = loadTokenizer(folder);
    accepted = accepted.filter((example) => encodePrompt(tokenizer, example, refused) !== null);
  }
  if (accepted.length === 0)
    throw new Error(refusalNotice(refused, prompts.length) ?? 'there are no prompts to measure on');
  return { prompts: accepted, refused: refused.length };
}

async function scoresOf({
  modelFolder,
  rewardFolder,
  prompts,
  temperature,
  maxNewTokens,
  seed,
  goOn,
}: {
  modelFolder: string;
  rewardFolder: string;
  prompts: readonly PromptExample[];
  temperature: number;
  maxNewTokens: number;
  seed: number;
  goOn: () => Promise<boolean>;
}): Promise<{ scores: number[]; responses: Response[] } | null> {
  const tokenizer = loadTokenizer(modelFolder);
  const { params, config, generationConfig } = loadPretrained(modelFolder);
  const generator = createGenerator({ params, config });
  const eosTokenIds = [...new Set([tokenizer.eosTokenId, ...generationConfig.eosTokenIds])];
  const { score, dispose } = openScore(
    { kind: 'model', folder: rewardFolder },
    { tokenizer, tokenizerFolder: modelFolder },
  );
  const rng = createRng(seed, 'policy-score');
  const responses: Response[] = [];
  const scores: number[] = [];
  try {
    for (let from = 0; from < prompts.length; from += ROWS_PER_PASS) {
      if (!(await goOn())) return null;
      const part = prompts.slice(from, from + ROWS_PER_PASS).map((example) => ({
        ...example,
        ids: tokenizer.encodeChat(example.prompt, { addGenerationPrompt: true }),
      }));
      for (const { id, ids } of part) {
        if (ids.length + maxNewTokens > config.maxPositions) {
          throw new Error(
            `prompt ${id} takes ${ids.length} tokens and ${maxNewTokens} are to be written, but the model has ${config.maxPositions} positions: lower maxNewTokens`,
          );
        }
      }
      const answers = await respond({ generator, tokenizer, eosTokenIds }, part, {
        rng,
        temperature,
        maxNewTokens,
      });
      scores.push(...(await score(answers)));
      responses.push(...answers);
    }
    return { scores, responses };
  } finally {
    generator.dispose();
    disposeParams(params);
    dispose();
  }
}
