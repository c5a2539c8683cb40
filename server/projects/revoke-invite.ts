import { and, eq, isNull } from 'drizzle-orm';
import { invites } from '../../db/schema/projects.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';

/** Makes an unused invitation worthless. Throws `not-found` for one that is used, revoked or of another project. */
export function revokeInvite({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; inviteId: string };
}): void {
  const { projectId, inviteId } = input;
  requirePermission(ctx, projectId, 'members.invite');
  ctx.db.transaction(
    () => {
      const { changes } = ctx.db
        .update(invites)
        .set({ revokedAt: ctx.now() })
        .where(
          and(
            eq(invites.id, inviteId),
            eq(invites.projectId, projectId),
            isNull(invites.acceptedAt),
            isNull(invites.revokedAt),
          ),
        )
        .run();
      if (changes !== 1) throw new DomainError('not-found', 'This invitation is not open any more.');
      appendAudit(ctx, { action: 'projects.revokeInvite', subject: inviteId, projectId, payload: {} });
    },
    { behavior: 'immediate' },
  );
}
