import { and, eq } from 'drizzle-orm';
import { withdrawals } from '../../db/schema/erasures.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';

/** Lets a person's judgments count again in snapshots to come. Throws `not-found`, and `conflict` when that was done already. */
export function takeBackWithdrawal({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; withdrawalId: string };
}): void {
  const { projectId, withdrawalId } = input;
  requirePermission(ctx, projectId, 'members.update');
  const isNamed = and(eq(withdrawals.id, withdrawalId), eq(withdrawals.projectId, projectId));
  ctx.db.transaction(
    () => {
      const row = ctx.db.select().from(withdrawals).where(isNamed).get();
      if (!row) throw new DomainError('not-found', `No withdrawal ${withdrawalId} in this project.`);
      if (row.endedAt !== null) throw new DomainError('conflict', 'This withdrawal was taken back already.');
      ctx.db.update(withdrawals).set({ endedAt: ctx.now() }).where(isNamed).run();
      const payload = { withdrawal: withdrawalId };
      appendAudit(ctx, { action: 'withdrawals.takeBack', subject: row.userId, projectId, payload });
    },
    { behavior: 'immediate' },
  );
}
