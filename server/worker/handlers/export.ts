import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob } from '../../jobs/queue.ts';
import { exportSnapshot } from '../../snapshots/export.ts';
import type { JobContext } from '../job-context.ts';
import { untilBrokenOff, watchLargeWork } from './large-work.ts';

/** Writes a snapshot in a format. Killed, it begins anew; the export is registered in the transaction that ends the job. */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease } = context;
  const { requestedBy, ...input } = jobDefinitions.export.payload.parse(job.payload);
  const { tell, check } = watchLargeWork(context);
  const onKept = () => {
    if (!finishJob(ctx.db, lease, ctx.now()))
      throw new Error(`Job ${job.id} was taken over by another worker.`);
  };
  await untilBrokenOff(context, () =>
    exportSnapshot({ ctx, input, options: { requestedBy, onProgress: tell, check, onKept } }),
  );
}
