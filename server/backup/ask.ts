import { and, eq, inArray } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { readBackupSchedule } from './schedule-file.ts';

/** Asks the worker for a backup now; one that waits or is under way is not asked for again. Returns the job. */
export function askForBackup({ ctx }: { ctx: Ctx }): { jobId: string } {
  const { keep } = readBackupSchedule(ctx.dataFolder);
  return ctx.db.transaction(
    () => {
      const open = ctx.db
        .select({ id: jobs.id })
        .from(jobs)
        .where(and(inArray(jobs.status, ['queued', 'leased']), eq(jobs.kind, 'backup')))
        .get();
      if (open) return { jobId: open.id };
      const job = enqueueJob(ctx, { kind: 'backup', payload: { keep } });
      appendAudit(ctx, { action: 'backups.ask', subject: job.id, projectId: null, payload: { keep } });
      return { jobId: job.id };
    },
    { behavior: 'immediate' },
  );
}
