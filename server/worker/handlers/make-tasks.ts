import { setTimeout as sleep } from 'node:timers/promises';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { cancelLeasedJob, finishJob, keepProgress, releaseJob } from '../../jobs/queue.ts';
import { beginMaking, makeTasks } from '../../tasks/make-tasks.ts';
import { makingProgress } from '../../tasks/making.ts';
import type { JobContext } from '../job-context.ts';

/** Between batches: whoever waits for the write lock has it then. */
const PAUSE_MS = 15;

/** Makes tasks of a project's prompts, a batch at a time; stopped or killed, it goes on behind the last batch. */
export async function handle({ ctx, job, lease, stopReason }: JobContext): Promise<void> {
  const payload = jobDefinitions['make-tasks'].payload.parse(job.payload);
  let made = job.progress === null ? beginMaking(ctx, payload) : makingProgress.parse(job.progress);
  for (;;) {
    const reason = stopReason();
    if (reason === 'cancel') return void cancelLeasedJob(ctx.db, lease, ctx.now());
    if (reason !== null) return void releaseJob(ctx.db, lease);
    const next = makeTasks(ctx, payload, made, (after) => {
      if (!keepProgress(ctx.db, lease, 'make-tasks', after))
        throw new Error(`Job ${job.id} was taken over by another worker.`);
    });
    if (next === null) return void finishJob(ctx.db, lease, ctx.now());
    made = next;
    await sleep(PAUSE_MS);
  }
}
