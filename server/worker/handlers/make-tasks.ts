import { setTimeout as sleep } from 'node:timers/promises';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, keepProgress } from '../../jobs/queue.ts';
import { beginMaking, makeTasks } from '../../tasks/make-tasks.ts';
import { makingProgress } from '../../tasks/making.ts';
import type { JobContext } from '../job-context.ts';
import { restJob } from '../rest-job.ts';

/** Between batches: whoever waits for the write lock has it then. */
const PAUSE_MS = 15;

/** Makes tasks of a project's prompts, a batch at a time; stopped or killed, it goes on behind the last batch. */
export async function handle({ ctx, job, lease, stopReason }: JobContext): Promise<void> {
  const payload = jobDefinitions['make-tasks'].payload.parse(job.payload);
  let made = job.progress === null ? beginMaking(ctx, payload) : makingProgress.parse(job.progress);
  for (;;) {
    if (stopReason() !== null) return restJob(ctx, { job, lease });
    const next = makeTasks(ctx, payload, made, (after) => {
      if (!keepProgress(ctx.db, lease, 'make-tasks', after))
        throw new Error(`Job ${job.id} was taken over by another worker.`);
    });
    if (next === null) return void finishJob(ctx.db, lease, ctx.now());
    made = next;
    await sleep(PAUSE_MS);
  }
}
