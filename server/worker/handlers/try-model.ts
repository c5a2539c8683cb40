import { createRng } from '../../../lib/rng.ts';
import { chooseBackend } from '../../../trainer/backends/choose.ts';
import type { Message } from '../../../trainer/data/types.ts';
import { generate } from '../../../trainer/generate.ts';
import { mergeAdapter } from '../../../trainer/merge-adapter.ts';
import { isRewardModel } from '../../../trainer/model/config.ts';
import { loadPretrained, type PretrainedModel } from '../../../trainer/model/files/load-pretrained.ts';
import { countParams, disposeParams } from '../../../trainer/model/params.ts';
import { createScorer } from '../../../trainer/recipes/rollouts/create-scorer.ts';
import { ChatTemplateError } from '../../../trainer/tokenizer/chat-template.ts';
import { loadTokenizer, type Tokenizer } from '../../../trainer/tokenizer/load-tokenizer.ts';
import { stopIds, withoutStop } from '../../../trainer/tokenizer/stop-ids.ts';
import type { Trial, TryTask } from './process-task.ts';

const PROMPT = 'Name three animals.';
const RESPONSE = 'A dog, a cat and a horse.';
const MOST_NEW_TOKENS = 48;

/**
 * Reads every weight of a model, merging an adapter first where there is one, and lets it do once what its kind does: answer a
 * prompt, or score an answer. @throws Error naming the tensor that holds NaN or infinity, or what came out that is no number
 */
export async function tryModel({ backend, modelFolder, merge }: TryTask): Promise<Trial> {
  await chooseBackend(backend ?? undefined);
  if (merge) mergeAdapter({ baseFolder: modelFolder, ...merge });
  const folder = merge?.out ?? modelFolder;
  const tokenizer = loadTokenizer(folder);
  const model = loadPretrained(folder);
  try {
    const isReward = isRewardModel(model.config);
    return {
      modelKind: isReward ? 'reward-model' : 'language-model',
      architecture: model.config.architecture,
      parameters: countParams(model.params),
      sample: isReward ? await scored(model, tokenizer) : await answered(model, tokenizer),
    };
  } finally {
    disposeParams(model.params);
  }
}

async function answered(
  { params, config, generationConfig }: PretrainedModel,
  tokenizer: Tokenizer,
): Promise<Trial['sample']> {
  const ids = encoded([{ role: 'user', content: PROMPT }], (messages) =>
    tokenizer.encodeChat(messages, { addGenerationPrompt: true }),
  );
  const maxNewTokens = Math.min(MOST_NEW_TOKENS, config.maxPositions - ids.length);
  if (maxNewTokens < 1)
    throw new Error(
      `the model takes ${config.maxPositions} positions; "${PROMPT}" in its chat template has ${ids.length} already`,
    );
  const { responses, logProbs, ended } = await generate({
    ...{ params, config, promptIds: [ids], maxNewTokens, temperature: 0 },
    rng: createRng(0, 'try'),
    eosTokenIds: stopIds(tokenizer, generationConfig),
    padTokenId: tokenizer.padTokenId,
  });
  const bad = logProbs[0]?.find((value) => !Number.isFinite(value));
  if (bad !== undefined)
    throw new Error(`a forward pass gave a log-probability of ${bad}, expected a number`);
  const answer = withoutStop(responses[0] ?? [], ended[0] ?? false);
  return { prompt: PROMPT, response: tokenizer.decode(answer).trim(), score: null };
}

/** @throws Error that says which conversation the chat template refuses, and why */
function encoded(conversation: Message[], encode: (messages: Message[]) => number[]): number[] {
  try {
    return encode(conversation);
  } catch (error) {
    if (!(error instanceof ChatTemplateError)) throw error;
    const said = conversation.map(({ role, content }) => `${role}: "${content}"`).join(', ');
    throw new Error(`the chat template refuses the conversation ${said}: ${error.message}`, { cause: error });
  }
}

async function scored({ params, config }: PretrainedModel, tokenizer: Tokenizer): Promise<Trial['sample']> {
  const conversation = [
    { role: 'user' as const, content: PROMPT },
    { role: 'assistant' as const, content: RESPONSE },
  ];
  const ids = encoded(conversation, (messages) => tokenizer.encodeChat(messages));
  if (ids.length > config.maxPositions)
    throw new Error(
      `the model takes ${config.maxPositions} positions, a short conversation has ${ids.length}`,
    );
  const [score] = await createScorer({ params, config, padTokenId: tokenizer.padTokenId })([ids]);
  if (score === undefined || !Number.isFinite(score))
    throw new Error(`a forward pass gave a score of ${score}, expected a number`);
  return { prompt: PROMPT, response: RESPONSE, score };
}
