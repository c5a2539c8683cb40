import { eq } from 'drizzle-orm';
import { imports } from '../../../db/schema/imports.ts';
import type { Ctx } from '../../context.ts';
import { runImport } from '../../imports/run-import.ts';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { cancelLeasedJob, finishJob, type Job, noteProgress, releaseJob } from '../../jobs/queue.ts';
import type { JobContext } from '../job-context.ts';

/** Reads an uploaded file; stopped between batches, it goes on behind the last committed row when run again. */
export async function handle({ ctx, job, lease, stopReason }: JobContext): Promise<void> {
  const { importId } = jobDefinitions.import.payload.parse(job.payload);
  let isNoted = false;
  const onProgress = () => {
    // each batch is committed: a kill after this one was no attempt in vain
    if (!isNoted) noteProgress(ctx.db, lease, 'import');
    isNoted = true;
  };
  await runImport({ ctx, input: { importId, shouldStop: () => stopReason() !== null, onProgress } });
  const status = ctx.db
    .select({ status: imports.status })
    .from(imports)
    .where(eq(imports.id, importId))
    .get();
  if (status?.status !== 'running') finishJob(ctx.db, lease, ctx.now());
  else if (stopReason() === 'cancel') {
    ctx.db.transaction(
      () => {
        markFailed(ctx, importId, 'Cancelled; the rows read so far stay.');
        cancelLeasedJob(ctx.db, lease, ctx.now());
      },
      { behavior: 'immediate' },
    );
  } else releaseJob(ctx.db, lease);
}

/** The job failed for good: the import says so. */
export function failed({ ctx, job, error }: { ctx: Ctx; job: Job; error: string }): void {
  markFailed(ctx, jobDefinitions.import.payload.parse(job.payload).importId, error);
}

function markFailed(ctx: Ctx, importId: string, error: string): void {
  ctx.db.transaction(
    () =>
      ctx.db
        .update(imports)
        .set({ status: 'failed', error, finishedAt: ctx.now() })
        .where(eq(imports.id, importId))
        .run(),
    { behavior: 'immediate' },
  );
}
