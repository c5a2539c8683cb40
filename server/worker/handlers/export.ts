import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob } from '../../jobs/queue.ts';
import { exportSnapshot } from '../../snapshots/export.ts';
import type { JobContext } from '../job-context.ts';
import { watchLargeWork } from './large-work.ts';

/** Writes a snapshot in a format. Killed, it begins anew: a folder under its own name is whole. */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease } = context;
  const { requestedBy, ...input } = jobDefinitions.export.payload.parse(job.payload);
  const { tell, check } = watchLargeWork(context);
  await exportSnapshot({
    ctx,
    input,
    options: {
      requestedBy,
      onProgress(done, total) {
        tell(done, total);
        check();
      },
    },
  });
  finishJob(ctx.db, lease, ctx.now());
}
