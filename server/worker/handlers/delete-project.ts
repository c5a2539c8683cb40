import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob } from '../../jobs/queue.ts';
import { deleteArchived } from '../../projects/delete-archived.ts';
import type { JobContext } from '../job-context.ts';

/** Deletes an archived project with its files. Killed on the way it goes on where it was. */
export async function handle({ ctx, job, lease }: JobContext): Promise<void> {
  await deleteArchived({ ctx, input: jobDefinitions['delete-project'].payload.parse(job.payload) });
  finishJob(ctx.db, lease, ctx.now());
}
