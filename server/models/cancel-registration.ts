import { and, desc, inArray, sql } from 'drizzle-orm';
import { jobs } from '../../db/schema/jobs.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requestCancel } from '../jobs/queue.ts';
import { endRegistration, getRegistrationInProject, OPEN_STATUSES } from './registration.ts';

/** Stops the adding of a model: at once where it waits, through the worker's next heartbeat where it is being done. */
export function cancelRegistration({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; registrationId: string };
}): { registrationId: string } {
  requirePermission(ctx, input.projectId, 'models.register');
  return ctx.db.transaction(
    () => {
      const row = getRegistrationInProject(ctx, input);
      if (!(OPEN_STATUSES as readonly string[]).includes(row.status))
        throw new DomainError('conflict', `Adding ${row.modelName} has already ended: ${row.status}.`);
      const job = ctx.db
        .select({ id: jobs.id })
        .from(jobs)
        .where(
          and(
            inArray(jobs.kind, ['stage-model', 'register-model']),
            sql`json_extract(${jobs.payload}, '$.registrationId') = ${row.id}`,
          ),
        )
        .orderBy(desc(jobs.id))
        .get();
      const status = job ? requestCancel(ctx, job.id) : null;
      if (status !== 'leased') endRegistration(ctx, row, { status: 'cancelled', error: null });
      return { registrationId: row.id };
    },
    { behavior: 'immediate' },
  );
}
