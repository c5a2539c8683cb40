import { and, desc, eq } from 'drizzle-orm';
import { invites } from '../../db/schema/projects.ts';
import type { Role } from '../../lib/roles.ts';
import { type Ctx, requirePermission } from '../context.ts';

export type ListedInvite = {
  id: string;
  role: Role | null;
  createdAt: number;
  expiresAt: number;
  state: 'open' | 'accepted' | 'revoked' | 'expired';
};

/** The newest hundred invitations of a project. */
export function listInvites({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): ListedInvite[] {
  requirePermission(ctx, input.projectId, 'members.invite');
  const now = ctx.now();
  return ctx.db
    .select()
    .from(invites)
    .where(and(eq(invites.projectId, input.projectId), eq(invites.kind, 'member')))
    .orderBy(desc(invites.id))
    .limit(100)
    .all()
    .map(({ id, role, createdAt, expiresAt, acceptedAt, revokedAt }) => ({
      id,
      role,
      createdAt,
      expiresAt,
      state:
        acceptedAt !== null
          ? 'accepted'
          : revokedAt !== null
            ? 'revoked'
            : expiresAt <= now
              ? 'expired'
              : 'open',
    }));
}
