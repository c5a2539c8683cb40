/** What the training process does (start-process.mjs is its entry): the only place besides the command line where recipes run. */
import { once } from 'node:events';
import { chooseBackend } from '../../../trainer/backends/choose.ts';
import { sizeNativeThreads } from '../../../trainer/backends/native-threads.ts';
import type { Message, PromptExample } from '../../../trainer/data/types.ts';
import type { TrainEvent } from '../../../trainer/events.ts';
import { numParametersIn, numParametersOfNew } from '../../../trainer/model/num-parameters.ts';
import { runBackend } from '../../../trainer/recipes/run/run-state.ts';
import type { ProcessMessage, ProcessReply, ProcessTask, RecipeTask } from './process-task.ts';

async function say(message: ProcessMessage): Promise<ProcessReply> {
  process.send?.(message);
  const [answer] = (await once(process, 'message')) as [ProcessReply];
  return answer;
}

async function main({ kind, task }: ProcessTask): Promise<void> {
  if (kind === 'inspect') {
    const { inspectModel } = await import('./inspect-model.ts');
    await say({ type: 'inspected', inspection: inspectModel(task) });
    return;
  }
  sizeNativeThreads(kind === 'recipe' ? largestModel(task) : numParametersIn(task.modelFolder));
  if (kind === 'recipe') {
    const controller = new AbortController();
    for await (const event of await open(task, controller.signal)) {
      const { abort } = await say({ type: 'event', event });
      if (abort) controller.abort();
    }
  } else if (kind === 'generate') {
    const { generateResponses } = await import('./generate-responses.ts');
    for await (const responses of generateResponses(task)) {
      const { abort } = await say({ type: 'responses', responses });
      if (abort) return;
    }
  } else if (kind === 'try') {
    const { tryModel } = await import('./try-model.ts');
    await say({ type: 'tried', trial: await tryModel(task) });
  } else {
    const { measure } = await import('./measure.ts');
    await say({ type: 'benchmark', benchmark: await measure(task) });
  }
}

/** Parameters of the largest model of a run. */
function largestModel(task: RecipeTask): number {
  if (task.recipe === 'pretrain') return numParametersOfNew(task.config);
  const own = numParametersIn(task.modelFolder);
  return task.recipe === 'ppo' ? Math.max(own, numParametersIn(task.rewardFolder)) : own;
}

async function open(task: RecipeTask, signal: AbortSignal): Promise<AsyncIterable<TrainEvent>> {
  const { outFolder, resumeFrom } = task;
  const backend = await chooseBackend(runBackend(task.backend ?? undefined, resumeFrom));
  const shared = { backend, outFolder, resumeFrom, signal };
  switch (task.recipe) {
    case 'pretrain': {
      const { pretrain } = await import('../../../trainer/recipes/pretrain/recipe.ts');
      return pretrain({ ...shared, config: task.config, texts: task.texts });
    }
    case 'sft': {
      const { sft } = await import('../../../trainer/recipes/sft/recipe.ts');
      return sft({ ...shared, config: task.config, modelFolder: task.modelFolder, examples: task.examples });
    }
    case 'reward': {
      const { reward } = await import('../../../trainer/recipes/reward/recipe.ts');
      const { config, modelFolder, examples, referencePrompts } = task;
      return reward({ ...shared, config, modelFolder, examples, referencePrompts });
    }
    case 'ppo': {
      const { ppo } = await import('../../../trainer/recipes/ppo/recipe.ts');
      const { config, modelFolder, prompts, evalPrompts, rewardFolder } = task;
      const score = { kind: 'model' as const, folder: rewardFolder };
      const trueReward = await trueRewardOf([...prompts, ...evalPrompts]);
      return ppo({ ...shared, config, modelFolder, prompts, evalPrompts, score, trueReward });
    }
  }
}

/** The toy world's true reward where every prompt is of that world; no other world has one. It is measured, never trained on. */
async function trueRewardOf(
  prompts: PromptExample[],
): Promise<((prompt: Message[], response: string) => number) | null> {
  const { instructionFor } = await import('../../../trainer/toy-world/prompts.ts');
  const { trueReward } = await import('../../../trainer/toy-world/true-reward.ts');
  try {
    for (const { prompt } of prompts) instructionFor(prompt);
  } catch {
    // one prompt from elsewhere is enough: its answers have no true reward
    return null;
  }
  return (prompt, response) => trueReward(prompt, response).total;
}

const [given] = (await once(process, 'message')) as [ProcessTask];
main(given).then(
  () => process.send?.({ type: 'end' } satisfies ProcessMessage),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    process.send?.({ type: 'error', message, stack } satisfies ProcessMessage);
  },
);
