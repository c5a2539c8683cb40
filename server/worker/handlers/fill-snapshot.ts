import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, noteProgress } from '../../jobs/queue.ts';
import { fillSnapshot } from '../../snapshots/fill.ts';
import { getSnapshotInProject } from '../../snapshots/internal.ts';
import type { JobContext } from '../job-context.ts';
import { untilBrokenOff, watchLargeWork } from './large-work.ts';

/** Writes the list of judgments of a large snapshot; killed, it goes on where it was. */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease } = context;
  const input = jobDefinitions['fill-snapshot'].payload.parse(job.payload);
  const { kept } = getSnapshotInProject(ctx, input).counts;
  const { tell, check } = watchLargeWork(context);
  let isNoted = false;
  const onProgress = (done: number) => {
    // each batch is committed: a kill after this one was no attempt in vain
    if (!isNoted) noteProgress(ctx.db, lease, 'fill-snapshot');
    isNoted = true;
    tell(done, kept);
  };
  await untilBrokenOff(context, async () => {
    await fillSnapshot({ ctx, input, options: { onProgress, check } });
    finishJob(ctx.db, lease, ctx.now());
  });
}
