import { and, asc, eq, isNull } from 'drizzle-orm';
import { memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import type { Role } from '../../lib/roles.ts';
import { type Ctx, requirePermission } from '../context.ts';

export type Member = {
  userId: string;
  /** null for readers who see pseudonyms only */
  name: string | null;
  email: string | null;
  pseudonym: string;
  role: Role;
  isSimulated: boolean;
  isDisabled: boolean;
  createdAt: number;
};

/** Members in order of joining. Only owners see names; researchers and auditors see pseudonyms. */
export function listMembers({
  ctx,
  input,
}: {
  ctx: Ctx;
  /** `andRemoved`: those too who were removed, whose judgments stay */
  input: { projectId: string; andRemoved?: boolean };
}): Member[] {
  const seesNames = requirePermission(ctx, input.projectId, 'members.read') === 'owner';
  const rows = ctx.db
    .select({ member: memberships, user: users })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(
      and(
        eq(memberships.projectId, input.projectId),
        input.andRemoved ? undefined : isNull(memberships.removedAt),
      ),
    )
    .orderBy(asc(memberships.createdAt), asc(memberships.userId))
    .all();
  return rows.map(({ member, user }) => ({
    userId: member.userId,
    name: seesNames ? user.name : null,
    email: seesNames ? user.email : null,
    pseudonym: member.pseudonym,
    role: member.role,
    isSimulated: user.isSimulated,
    isDisabled: user.disabledAt !== null,
    createdAt: member.createdAt,
  }));
}
