import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, tellProgress } from '../../jobs/queue.ts';
import type { AskProgress } from '../../models/ask-progress.ts';
import { checkpointFolder, getCheckpointInProject, verifyFolder } from '../../models/internal.ts';
import type { JobContext } from '../job-context.ts';
import { restJob } from '../rest-job.ts';
import type { ProcessMessage } from './process-task.ts';
import { runInProcess } from './run-in-process.ts';

/** Lets each language model answer the prompt, one after another, then each reward model score every answer. */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease, backend, stopReason, lost } = context;
  const payload = jobDefinitions.ask.payload.parse(job.payload);
  const { projectId, prompt, answer, modelIds, rewardIds, temperature, maxNewTokens, seed } = payload;
  const progress: AskProgress = {
    ...{ done: 0, total: modelIds.length + rewardIds.length, startedAt: ctx.now() },
    answers: answer === null ? [] : [{ checkpointId: null, content: answer, ended: true, scores: {} }],
  };
  const said = () => tellProgress(ctx.db, lease, progress);
  said();
  const folderOf = async (checkpointId: string) => {
    const { checkpoint } = getCheckpointInProject(ctx, { projectId, checkpointId });
    const folder = checkpointFolder(ctx.dataFolder, checkpoint.folder);
    await verifyFolder(folder, checkpoint.manifestSha256);
    return folder;
  };
  const goOn = (take: (message: ProcessMessage) => void) => ({
    lost,
    onMessage(message: ProcessMessage) {
      take(message);
      return { abort: stopReason() !== null };
    },
  });
  const messages = [{ role: 'user' as const, content: prompt }];
  for (const checkpointId of modelIds) {
    if (stopReason() !== null) break;
    const modelFolder = await folderOf(checkpointId);
    const prompts = [{ id: 'ask', messages }];
    const task = { backend, modelFolder, prompts, responsesPerPrompt: 1, temperature, maxNewTokens, seed };
    await runInProcess(
      { kind: 'generate', task },
      goOn((message) => {
        if (message.type !== 'responses') throw new Error(`the generating process sent ${message.type}`);
        for (const { content, ended } of message.responses)
          progress.answers.push({ checkpointId, content, ended, scores: {} });
      }),
    );
    progress.done += 1;
    said();
  }
  for (const rewardId of rewardIds) {
    if (stopReason() !== null) break;
    const modelFolder = await folderOf(rewardId);
    const conversations = progress.answers.map(({ content }) => [
      ...messages,
      { role: 'assistant' as const, content },
    ]);
    await runInProcess(
      { kind: 'score', task: { backend, modelFolder, conversations } },
      goOn((message) => {
        if (message.type !== 'scores') throw new Error(`the scoring process sent ${message.type}`);
        message.scores.forEach((score, index) => {
          const scored = progress.answers[index];
          if (scored) scored.scores[rewardId] = score;
        });
      }),
    );
    progress.done += 1;
    said();
  }
  if (stopReason() === null) finishJob(ctx.db, lease, ctx.now());
  else restJob(ctx, { job, lease });
}
