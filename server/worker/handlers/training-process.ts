/** What the training process does (start-process.mjs is its entry): the only place besides the command line where recipes run. */
import { once } from 'node:events';
import { chooseBackend } from '../../../trainer/backends/choose.ts';
import { sizeNativeThreads } from '../../../trainer/backends/native-threads.ts';
import { numParametersIn } from '../../../trainer/model/num-parameters.ts';
import { startRecipe } from '../../../trainer/recipes/start.ts';
import type { EvaluateTask, ProcessMessage, ProcessReply, ProcessTask } from './process-task.ts';

async function say(message: ProcessMessage): Promise<ProcessReply> {
  process.send?.(message);
  const [answer] = (await once(process, 'message')) as [ProcessReply];
  return answer;
}

async function main({ kind, task }: ProcessTask): Promise<void> {
  if (kind === 'recipe') {
    const controller = new AbortController();
    for await (const event of startRecipe(task, controller.signal)) {
      const { abort } = await say({ type: 'event', event });
      if (abort) controller.abort();
    }
    return;
  }
  if (kind === 'inspect') {
    const { inspectModel } = await import('./inspect-model.ts');
    await say({ type: 'inspected', inspection: inspectModel(task) });
    return;
  }
  sizeNativeThreads(numParametersIn(kind === 'evaluate' ? task.rewardFolder : task.modelFolder));
  if (kind === 'evaluate') {
    const figures = await evaluate(task);
    if (figures) await say({ type: 'figures', figures });
  } else if (kind === 'generate') {
    const { generateResponses } = await import('./generate-responses.ts');
    for await (const batch of generateResponses(task)) {
      const { abort } = await say({ type: 'responses', ...batch });
      if (abort) return;
    }
  } else if (kind === 'score') {
    const { scoreConversations } = await import('./score-conversations.ts');
    await say({ type: 'scores', scores: await scoreConversations(task) });
  } else if (kind === 'try') {
    const { tryModel } = await import('./try-model.ts');
    await say({ type: 'tried', trial: await tryModel(task) });
  } else {
    const { measure } = await import('./measure.ts');
    await say({ type: 'benchmark', benchmark: await measure(task) });
  }
}

/** The figures asked for, or null when told to stop. */
async function evaluate(task: EvaluateTask): Promise<Record<string, number> | null> {
  await chooseBackend(task.backend ?? undefined);
  const goOn = async () => !(await say({ type: 'progress' })).abort;
  if (task.measure === 'accuracy') {
    const { rewardAccuracy } = await import('../../../trainer/evaluations/reward-accuracy.ts');
    return (await goOn()) ? rewardAccuracy(task) : null;
  }
  const { policyScore } = await import('../../../trainer/evaluations/policy-score.ts');
  return policyScore({ ...task, goOn });
}

/** The system's or SQLite's code: a full disk is no fault of the recipe. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const [given] = (await once(process, 'message')) as [ProcessTask];
main(given).then(
  () => process.send?.({ type: 'end' } satisfies ProcessMessage),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    process.send?.({ type: 'error', message, stack, code: codeOf(error) } satisfies ProcessMessage);
  },
);
