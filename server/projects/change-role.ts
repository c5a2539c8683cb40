import { memberships } from '../../db/schema/projects.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { isMemberOf, requireOtherOwner } from './internal.ts';
import type { ChangeRoleInput } from './schemas.ts';

/** Gives a member another role. Throws `conflict` when it would leave the project without an owner. */
export function changeRole({ ctx, input }: { ctx: Ctx; input: ChangeRoleInput }): void {
  const { projectId, userId, role } = input;
  requirePermission(ctx, projectId, 'members.update');
  const isMember = isMemberOf({ projectId, userId });
  ctx.db.transaction(
    () => {
      const before = ctx.db.select().from(memberships).where(isMember).get();
      if (!before) throw new DomainError('not-found', `No member ${userId} in this project.`);
      if (before.role === role) return;
      if (before.role === 'owner') requireOtherOwner(ctx, { projectId, userId });
      ctx.db.update(memberships).set({ role }).where(isMember).run();
      appendAudit(ctx, {
        action: 'projects.changeRole',
        subject: userId,
        projectId,
        payload: { before: before.role, after: role },
      });
    },
    { behavior: 'immediate' },
  );
}
