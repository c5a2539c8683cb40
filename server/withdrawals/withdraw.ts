import { and, eq, isNull } from 'drizzle-orm';
import { withdrawals } from '../../db/schema/erasures.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { requireList } from '../snapshots/internal.ts';
import { beginRefit } from './refit.ts';
import type { WithdrawInput } from './schemas.ts';

/**
 * Withdraws a person's judgments in a project: no snapshot that is made from then on holds them, until it is taken back. The judgments
 * themselves stay. With `refit` the tainted snapshots are made anew and the runs on them fitted again (refit.ts). Throws `not-found` for
 * somebody who has judged nothing, `conflict` where they are withdrawn already, or where the list of a snapshot is still being written: it
 * would not be known whether to make it anew.
 */
export function withdrawJudgments({ ctx, input }: { ctx: Ctx; input: WithdrawInput }): {
  withdrawalId: string;
  /** null when nothing is fitted anew: not asked for, or no run was on such a snapshot */
  executionId: string | null;
} {
  const { projectId, userId, reason, refit } = input;
  requirePermission(ctx, projectId, 'members.update');
  const createdBy = requireUser(ctx);
  return ctx.db.transaction(
    () => {
      const theirs = and(eq(judgments.annotatorId, userId), eq(judgments.projectId, projectId));
      if (!ctx.db.select({ id: judgments.id }).from(judgments).where(theirs).limit(1).get())
        throw new DomainError('not-found', `${userId} has judged nothing in this project.`);
      const isOpen = and(
        eq(withdrawals.projectId, projectId),
        eq(withdrawals.userId, userId),
        isNull(withdrawals.endedAt),
      );
      if (ctx.db.select({ id: withdrawals.id }).from(withdrawals).where(isOpen).get())
        throw new DomainError('conflict', 'The judgments of this person are withdrawn already.');
      if (refit) requireLists(ctx, projectId);
      const now = ctx.now();
      const withdrawalId = newId('wdr', now);
      const row = { id: withdrawalId, projectId, userId, reason, createdBy, createdAt: now };
      ctx.db.insert(withdrawals).values(row).run();
      const payload = { withdrawal: withdrawalId, reason, refit };
      appendAudit(ctx, { action: 'withdrawals.withdraw', subject: userId, projectId, payload });
      return { withdrawalId, executionId: refit ? beginRefit(ctx, row) : null };
    },
    { behavior: 'immediate' },
  );
}

function requireLists({ db }: Ctx, projectId: string): void {
  const isFilling = and(
    eq(snapshots.projectId, projectId),
    eq(snapshots.status, 'filling'),
    isNull(snapshots.erasedAt),
  );
  const { number, status } = snapshots;
  const found = db.select({ number, status }).from(snapshots).where(isFilling).limit(1).get();
  if (found) requireList(found);
}
