import { and, eq } from 'drizzle-orm';
import { memberships } from '../../db/schema/projects.ts';
import { seats } from '../../db/schema/tasks.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { FREE_SEAT } from '../tasks/release.ts';
import { isMemberOf, requireOtherOwner } from './internal.ts';
import type { RemoveMemberInput } from './schemas.ts';

/**
 * Takes a member's rights in a project away, at once. Judgments and pseudonym stay; tasks that the person holds go back to the
 * others. Whoever is invited again has the same pseudonym. Throws `not-found` for who is no member, `conflict` when it
 * would leave the project without an owner.
 */
export function removeMember({ ctx, input }: { ctx: Ctx; input: RemoveMemberInput }): void {
  const { projectId, userId } = input;
  requirePermission(ctx, projectId, 'members.update');
  const isMember = isMemberOf({ projectId, userId });
  ctx.db.transaction(
    () => {
      const member = ctx.db.select().from(memberships).where(isMember).get();
      if (!member) throw new DomainError('not-found', `No member ${userId} in this project.`);
      if (member.role === 'owner') requireOtherOwner(ctx, { projectId, userId });
      ctx.db.update(memberships).set({ removedAt: ctx.now() }).where(isMember).run();
      const { changes: leases } = ctx.db
        .update(seats)
        .set(FREE_SEAT)
        .where(and(eq(seats.annotatorId, userId), eq(seats.projectId, projectId), eq(seats.state, 'leased')))
        .run();
      const payload = { role: member.role, pseudonym: member.pseudonym, leases };
      appendAudit(ctx, { action: 'projects.removeMember', subject: userId, projectId, payload });
    },
    { behavior: 'immediate' },
  );
}
