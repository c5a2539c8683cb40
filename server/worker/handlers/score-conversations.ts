import { chooseBackend } from '../../../trainer/backends/choose.ts';
import { loadPretrained } from '../../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../../trainer/model/params.ts';
import { createScorer } from '../../../trainer/recipes/rollouts/create-scorer.ts';
import { loadTokenizer } from '../../../trainer/tokenizer/load-tokenizer.ts';
import type { ScoreTask } from './process-task.ts';

/**
 * What a reward model gives each conversation, as it scores in training: raw, on the scale of its own. @throws Error for one that is longer
 * than the model's positions
 */
export async function scoreConversations({
  backend,
  modelFolder,
  conversations,
}: ScoreTask): Promise<number[]> {
  await chooseBackend(backend ?? undefined);
  const tokenizer = loadTokenizer(modelFolder);
  const { params, config } = loadPretrained(modelFolder);
  try {
    const rows = conversations.map((messages) => tokenizer.encodeChat(messages));
    const tooLong = rows.find((ids) => ids.length > config.maxPositions);
    if (tooLong)
      throw new Error(
        `prompt and answer have ${tooLong.length} tokens, the reward model takes ${config.maxPositions} at most`,
      );
    const scores = await createScorer({ params, config, padTokenId: tokenizer.padTokenId })(rows);
    return [...scores];
  } finally {
    disposeParams(params);
  }
}
