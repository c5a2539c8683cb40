import { appendAudit } from '../audit/append.ts';
import { type Ctx, requireUser } from '../context.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { createSnapshot } from './create.ts';
import { exportSnapshot } from './export.ts';
import { getSnapshotInProject } from './internal.ts';
import {
  type CreateSnapshotInput,
  createSnapshotInput,
  type ExportSnapshotInput,
  type ExportSummary,
  queryOf,
  type SnapshotSummary,
} from './schemas.ts';

/** Up to so many judgments are frozen or exported while somebody waits: a second or two. More is work for the worker. */
const WHILE_WAITING = 20_000;

/** `whileWaiting`: up to so many judgments are done at once */
type RequestOptions = { whileWaiting?: number };

/** What was asked for and is not there yet: the worker is told. */
export type Queued = { jobId: string };

/**
 * Freezes the judgments that a query keeps: at once in a small project; in a large one the worker does, and the answer names its job
 * (`snapshots.making` lists it). Both are audit events. Throws `invalid` when the query keeps nothing.
 */
export async function requestSnapshot({
  ctx,
  input,
  options: { whileWaiting = WHILE_WAITING } = {},
}: {
  ctx: Ctx;
  input: CreateSnapshotInput;
  options?: RequestOptions;
}): Promise<(SnapshotSummary & { jobId: null }) | (Queued & { snapshotId: null })> {
  const asked = createSnapshotInput.parse(input);
  const { projectId, seed, ...conditions } = asked;
  if (!isLarge(ctx, projectId, whileWaiting))
    return { ...(await createSnapshot({ ctx, input: asked })), jobId: null };
  const requestedBy = requireUser(ctx);
  const query = queryOf(conditions, ctx.now());
  return writeWhenUnlocked(ctx.db, () => {
    const job = enqueueJob(ctx, {
      kind: 'snapshot',
      payload: { projectId, ...query, seed, requestedBy, like: null },
    });
    appendAudit(ctx, { action: 'snapshots.request', subject: job.id, projectId, payload: { query, seed } });
    return { jobId: job.id, snapshotId: null };
  });
}

/** An export of a snapshot, as requestSnapshot makes snapshots. */
export async function requestExport({
  ctx,
  input,
  options: { whileWaiting = WHILE_WAITING } = {},
}: {
  ctx: Ctx;
  input: ExportSnapshotInput;
  options?: RequestOptions;
}): Promise<(ExportSummary & { jobId: null }) | (Queued & { exportId: null })> {
  const { projectId, snapshotId, format } = input;
  const snapshot = getSnapshotInProject(ctx, input);
  if (snapshot.counts.kept <= whileWaiting) return { ...(await exportSnapshot({ ctx, input })), jobId: null };
  const requestedBy = requireUser(ctx);
  return writeWhenUnlocked(ctx.db, () => {
    const job = enqueueJob(ctx, { kind: 'export', payload: { projectId, snapshotId, format, requestedBy } });
    const payload = { snapshotId, format };
    appendAudit(ctx, { action: 'snapshots.request-export', subject: job.id, projectId, payload });
    return { jobId: job.id, exportId: null };
  });
}

function isLarge({ db }: Ctx, projectId: string, whileWaiting: number): boolean {
  const one = db.$client.prepare('SELECT 1 FROM judgments WHERE project_id = ? LIMIT 1 OFFSET ?').pluck();
  return one.get(projectId, whileWaiting) !== undefined;
}
