import { and, asc, eq, inArray, lt } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { jobDefinitions } from '../jobs/definitions.ts';
import { type Job, requestCancel } from '../jobs/queue.ts';
import { secondsLeft } from '../jobs/seconds-left.ts';
import { askProgressSchema } from './ask-progress.ts';

const KEPT_MS = 24 * 3600_000;

/** What came of a question so far, for who asked it. Throws `not-found` for everybody else's. */
export function readAsked({ ctx, input }: { ctx: Ctx; input: { projectId: string; jobId: string } }) {
  const job = ownAsk(ctx, input);
  const parsed = askProgressSchema.safeParse(job.progress);
  const progress = parsed.success ? parsed.data : null;
  const isOpen = job.status === 'queued' || job.status === 'leased';
  return {
    status: job.status,
    error: job.error,
    isStopping: isOpen && job.cancelRequestedAt !== null,
    progress,
    remainingSeconds: isOpen && progress ? secondsLeft(progress, ctx.now()) : null,
    /** what the worker does meanwhile, for one that waits */
    waitsFor: job.status === 'queued' ? workOf(ctx.db) : null,
  };
}

/** Cancels one's own question: a waiting one ends here, one that is being answered after the checkpoint under way. */
export function cancelAsk({ ctx, input }: { ctx: Ctx; input: { projectId: string; jobId: string } }): {
  status: Job['status'] | null;
} {
  return ctx.db.transaction(() => ({ status: requestCancel(ctx, ownAsk(ctx, input).id) }), {
    behavior: 'immediate',
  });
}

/** Forgets questions, what was typed and what came back, a day after they ended. Called by the worker's clock. */
export function forgetAsks(ctx: Pick<Ctx, 'db' | 'now'>): void {
  ctx.db
    .delete(jobs)
    .where(and(eq(jobs.kind, 'ask'), lt(jobs.finishedAt, ctx.now() - KEPT_MS)))
    .run();
}

function ownAsk(ctx: Ctx, { projectId, jobId }: { projectId: string; jobId: string }): Job {
  requirePermission(ctx, projectId, 'tasks.create');
  const userId = requireUser(ctx);
  const job = ctx.db.select().from(jobs).where(eq(jobs.id, jobId)).get();
  const payload = job?.kind === 'ask' ? jobDefinitions.ask.payload.parse(job.payload) : null;
  if (!job || payload?.projectId !== projectId || payload.requestedBy !== userId)
    throw new DomainError('not-found', `No question ${jobId} of yours in this project.`);
  return job;
}

/** The kind of job that the worker's device is at. */
function workOf(db: Db): string | null {
  const leased = db
    .select({ kind: jobs.kind })
    .from(jobs)
    .where(inArray(jobs.status, ['leased']))
    .orderBy(asc(jobs.id))
    .all()
    .find(({ kind }) => jobDefinitions[kind as keyof typeof jobDefinitions]?.lane === 'device');
  return leased?.kind ?? null;
}
