import { settleStep } from '../../chains/advance.ts';
import type { Ctx } from '../../context.ts';
import { jobDefinitions } from '../../jobs/definitions.ts';
import { finishJob, type Job } from '../../jobs/queue.ts';
import { createSnapshot } from '../../snapshots/create.ts';
import { getSnapshotInProject } from '../../snapshots/internal.ts';
import type { CreateSnapshotInput } from '../../snapshots/schemas.ts';
import type { JobContext } from '../job-context.ts';

/**
 * Freezes the judgments so far. The snapshot is registered in the transaction that ends the job, so that one killed before is made
 * anew and one made is never made again.
 */
export async function handle({ ctx, job, lease }: JobContext): Promise<void> {
  const { projectId, sources, like } = jobDefinitions.snapshot.payload.parse(job.payload);
  const input = like === null ? { projectId, sources } : againLike(ctx, { projectId, snapshotId: like });
  await createSnapshot({
    ctx,
    input,
    onKept(snapshotId, { kept, dropped }) {
      if (!finishJob(ctx.db, lease, ctx.now()))
        throw new Error(`Job ${job.id} was taken over by another worker.`);
      const left = Object.values(dropped).reduce((sum, n) => sum + n, 0);
      const figures = { judgments: kept, leftOut: left };
      settleStep(ctx, { jobId: job.id }, { status: 'done', figures, snapshotId });
    },
  });
}

/** The step of the chain has failed with it. */
export function failed({ ctx, job, error }: { ctx: Ctx; job: Job; error: string }): void {
  settleStep(ctx, { jobId: job.id }, { status: 'failed', reason: error });
}

/** The query of a snapshot, up to the same time: what was judged since is not what differs. */
function againLike(ctx: Ctx, named: { projectId: string; snapshotId: string }): CreateSnapshotInput {
  const { query, seed } = getSnapshotInProject(ctx, named);
  const { sources, annotatorIds, until } = query;
  return { projectId: named.projectId, sources, annotatorIds, until, seed };
}
