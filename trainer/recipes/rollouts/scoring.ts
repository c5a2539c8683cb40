import { createRng } from '../../../lib/rng.ts';
import type { DataOf, KnownReward, RewardFunction } from '../../data/types.ts';
import { isRewardModel, type ModelConfig } from '../../model/config.ts';
import { loadPretrained } from '../../model/files/load-pretrained.ts';
import { addScoreHead } from '../../model/heads.ts';
import { SCORE_WEIGHT } from '../../model/param-shapes.ts';
import { copyParams, disposeParams, newParam, type Params, param } from '../../model/params.ts';
import type { Tokenizer } from '../../tokenizer/load-tokenizer.ts';
import { withoutStop } from '../../tokenizer/stop-ids.ts';
import { tokenizerDifference } from '../../tokenizer/tokenizer-difference.ts';
import { type RunFolders, requireFolder } from '../run/recipe-args.ts';
import { createScorer } from './create-scorer.ts';
import type { Response } from './respond.ts';

/** What PPO maximises: a reward model's folder, or any function of prompt and response text. */
export type ScoreSource = { kind: 'model'; folder: string } | { kind: 'function'; score: RewardFunction };

/** The score that a task names. */
export async function scoreSource(
  score: DataOf['prompts']['score'],
  folders: RunFolders,
): Promise<ScoreSource> {
  if (score === 'model') return { kind: 'model', folder: requireFolder(folders, 'reward') };
  return { kind: 'function', score: await rewardFunction(score) };
}

/** A reward that needs no model; a world's own is loaded when it is asked for. */
export async function rewardFunction(known: KnownReward): Promise<RewardFunction> {
  if (known !== 'toy-world') return known;
  const { trueReward } = await import('../../toy-world/true-reward.ts');
  return (prompt, response) => trueReward(prompt, response).total;
}

/**
 * Opens the score. A reward model reads prompt + response with the turn's end last, whatever stopped the response (R7), and
 * must have the policy's tokenizer: ids are passed on, not text.
 */
export function openScore(
  source: ScoreSource,
  policy: { tokenizer: Tokenizer; tokenizerFolder: string },
): { score: (responses: readonly Response[]) => Promise<number[]>; dispose: () => void } {
  if (source.kind === 'function') {
    const score = async (responses: readonly Response[]) =>
      responses.map((r) => source.score(r.prompt, r.text));
    return { score, dispose: () => {} };
  }
  assertSameTokenizer(source.folder, policy.tokenizerFolder);
  const { params, config } = openRewardModel(source.folder);
  const { padTokenId, turnEndId } = policy.tokenizer;
  const scorer = createScorer({ params, config, padTokenId });
  return {
    score: async (responses) =>
      Array.from(
        await scorer(
          responses.map(({ promptIds, responseIds, ended }) => [
            ...promptIds,
            ...withoutStop(responseIds, ended),
            turnEndId,
          ]),
        ),
      ),
    dispose: () => disposeParams(params),
  };
}

/**
 * The critic: a copy of the reward model with its head (training.md P31), or, where the score is a function, the policy's
 * trunk with a head of zeros, so that the first values are 0 and not noise.
 */
export function newCritic(
  source: ScoreSource,
  policy: { params: Params; config: ModelConfig },
): { params: Params; config: ModelConfig } {
  if (source.kind === 'model') return openRewardModel(source.folder);
  const critic = addScoreHead(copyParams(policy.params), policy.config, createRng(0, 'critic head'));
  const { shape } = param(critic.params, SCORE_WEIGHT);
  critic.params[SCORE_WEIGHT]?.dispose();
  critic.params[SCORE_WEIGHT] = newParam(new Float32Array(policy.config.hiddenSize), shape);
  return critic;
}

function openRewardModel(folder: string): { params: Params; config: ModelConfig } {
  const { params, config } = loadPretrained(folder);
  if (isRewardModel(config)) return { params, config };
  disposeParams(params);
  throw new Error(`${folder}: a ${config.architecture} has no reward head, expected a reward model`);
}

function assertSameTokenizer(rewardFolder: string, policyFolder: string): void {
  const difference = tokenizerDifference(rewardFolder, policyFolder);
  if (difference !== null) {
    throw new Error(
      `${rewardFolder}: the tokenizer differs from that of ${policyFolder}: ${difference}; policy and reward model must share one tokenizer`,
    );
  }
}
