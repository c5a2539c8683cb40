import { carryOutErasure } from '../../erasures/carry-out.ts';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob } from '../../jobs/queue.ts';
import type { JobContext } from '../job-context.ts';

/** Removes every trace of what is to be erased. Killed on the way it is begun anew, and goes on with what is left. */
export async function handle({ ctx, job, lease }: JobContext): Promise<void> {
  const { erasureId } = jobDefinitions.erase.payload.parse(job.payload);
  await carryOutErasure({ ctx, input: { erasureId } });
  finishJob(ctx.db, lease, ctx.now());
}
