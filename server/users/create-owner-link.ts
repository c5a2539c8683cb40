import { and, eq, isNull } from 'drizzle-orm';
import { invites } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { createLinkToken } from '../projects/internal.ts';

const HOURS_24 = 24 * 3_600_000;

/**
 * A fresh one-time token for `/setup/<token>`, valid for a day, or null once the installation has an owner. Earlier links
 * stop working. Called at each start, by the system.
 */
export function createOwnerLink({ ctx }: { ctx: Pick<Ctx, 'db' | 'now'> }): string | null {
  const now = ctx.now();
  const { token, tokenHash } = createLinkToken();
  const isMade = ctx.db.transaction(
    () => {
      if (ctx.db.select({ id: users.id }).from(users).where(eq(users.isInstanceOwner, true)).get())
        return false;
      ctx.db
        .update(invites)
        .set({ revokedAt: now })
        .where(and(eq(invites.kind, 'owner'), isNull(invites.acceptedAt), isNull(invites.revokedAt)))
        .run();
      const id = newId('inv', now);
      const expiresAt = now + HOURS_24;
      ctx.db.insert(invites).values({ id, kind: 'owner', tokenHash, createdAt: now, expiresAt }).run();
      appendAudit(
        { ...ctx, actor: { type: 'system' } },
        { action: 'users.createOwnerLink', subject: id, projectId: null, payload: { expiresAt } },
      );
      return true;
    },
    { behavior: 'immediate' },
  );
  return isMade ? token : null;
}
