import { settleStep } from '../../chains/advance.ts';
import type { Ctx } from '../../context.ts';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, type Job } from '../../jobs/queue.ts';
import { type CreateOptions, createSnapshot } from '../../snapshots/create.ts';
import { getSnapshotInProject } from '../../snapshots/internal.ts';
import type { CreateSnapshotInput } from '../../snapshots/schemas.ts';
import type { JobContext } from '../job-context.ts';
import { untilBrokenOff, watchLargeWork } from './large-work.ts';

/**
 * Freezes the judgments that a query keeps. The snapshot is registered in the transaction that ends the job, so that one killed before
 * is made anew and one made is never made again.
 */
export async function handle(context: JobContext): Promise<void> {
  const { ctx, job, lease } = context;
  const { requestedBy, like, ...asked } = jobDefinitions.snapshot.payload.parse(job.payload);
  const { projectId } = asked;
  const input = like === null ? asked : againLike(ctx, { projectId, snapshotId: like });
  const total = ctx.db.$client
    .prepare('SELECT count(*) FROM judgments WHERE project_id = ?')
    .pluck()
    .get(projectId) as number;
  const { tell, check } = watchLargeWork(context);
  const options: CreateOptions = {
    ...(requestedBy !== null && { createdBy: requestedBy }),
    onProgress: (done) => tell(done, total),
    check,
    onKept(snapshotId, { kept, dropped }) {
      if (!finishJob(ctx.db, lease, ctx.now()))
        throw new Error(`Job ${job.id} was taken over by another worker.`);
      const left = Object.values(dropped).reduce((sum, n) => sum + n, 0);
      const figures = { judgments: kept, leftOut: left };
      settleStep(ctx, { jobId: job.id }, { status: 'done', figures, snapshotId });
    },
  };
  await untilBrokenOff(context, () => createSnapshot({ ctx, input, options }));
}

/** The step of the chain has failed with it. */
export function failed({ ctx, job, error }: { ctx: Ctx; job: Job; error: string }): void {
  settleStep(ctx, { jobId: job.id }, { status: 'failed', reason: error });
}

/** The query of a snapshot, up to the same time: what was judged since is not what differs. */
function againLike(ctx: Ctx, named: { projectId: string; snapshotId: string }): CreateSnapshotInput {
  const { query, seed } = getSnapshotInProject(ctx, named);
  return { projectId: named.projectId, ...query, seed };
}
