import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, noteProgress } from '../../jobs/queue.ts';
import { deleteArchived } from '../../projects/delete-archived.ts';
import type { JobContext } from '../job-context.ts';
import { untilBrokenOff, watchLargeWork } from './large-work.ts';

/** Deletes an archived project with its files. Stopped or killed on the way it goes on where it was. */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease } = context;
  const input = jobDefinitions['delete-project'].payload.parse(job.payload);
  const { check } = watchLargeWork(context);
  // each batch is gone for good: a kill after it was no attempt in vain
  const onBatch = () => noteProgress(ctx.db, lease, 'delete-project');
  await untilBrokenOff(context, async () => {
    await deleteArchived({ ctx, input, options: { check, onBatch } });
    finishJob(ctx.db, lease, ctx.now());
  });
}
