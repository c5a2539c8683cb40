import { invites } from '../../db/schema/projects.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { createLinkToken } from './internal.ts';
import { type CreateInviteInput, createInviteInput } from './schemas.ts';

/** Makes a single-use link `/invite/<token>` into the project. The token is in the answer and nowhere else. */
export function createInvite({ ctx, input }: { ctx: Ctx; input: CreateInviteInput }): {
  id: string;
  token: string;
  expiresAt: number;
} {
  const { projectId, role, days } = createInviteInput.parse(input);
  const createdBy = requireUser(ctx);
  requirePermission(ctx, projectId, 'members.invite');
  const now = ctx.now();
  const id = newId('inv', now);
  const expiresAt = now + days * 86_400_000;
  const { token, tokenHash } = createLinkToken();
  ctx.db.transaction(
    () => {
      ctx.db
        .insert(invites)
        .values({ id, kind: 'member', tokenHash, projectId, role, createdBy, createdAt: now, expiresAt })
        .run();
      appendAudit(ctx, { action: 'projects.invite', subject: id, projectId, payload: { role, expiresAt } });
    },
    { behavior: 'immediate' },
  );
  return { id, token, expiresAt };
}
