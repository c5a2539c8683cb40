import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob } from '../../jobs/queue.ts';
import { fillSnapshot } from '../../snapshots/fill.ts';
import { getSnapshotInProject } from '../../snapshots/internal.ts';
import type { JobContext } from '../job-context.ts';
import { watchLargeWork } from './large-work.ts';

/** Writes the list of judgments of a large snapshot; killed, it goes on where it was. */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease } = context;
  const input = jobDefinitions['fill-snapshot'].payload.parse(job.payload);
  const { kept } = getSnapshotInProject(ctx, input).counts;
  const { tell, check } = watchLargeWork(context);
  await fillSnapshot({ ctx, input, options: { onProgress: (done) => tell(done, kept), check } });
  finishJob(ctx.db, lease, ctx.now());
}
