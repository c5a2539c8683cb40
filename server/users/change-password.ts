import { and, eq, isNull, ne } from 'drizzle-orm';
import { apiTokens, sessions, users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import { hashPassword } from '../auth/password.ts';
import type { SignInLimits } from '../auth/sign-in-limits.ts';
import { type Ctx, requireUser } from '../context.ts';
import { endSessions } from '../sessions/internal.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { getPerson } from './internal.ts';
import { requireOwnPassword } from './require-own-password.ts';
import type { ChangePasswordInput } from './schemas.ts';

/**
 * Sets the password of the signed-in person; every other session of theirs ends, and their API tokens too where they say so.
 * Throws `invalid` for a wrong current password and `too-many-requests` after too many of them.
 */
export async function changePassword(
  { ctx, input }: { ctx: Ctx; input: ChangePasswordInput },
  limits: SignInLimits,
): Promise<void> {
  const userId = requireUser(ctx);
  if (getPerson(ctx, userId).passwordHash !== null) {
    await requireOwnPassword(ctx, input.currentPassword ?? '', limits);
  }
  const passwordHash = await hashPassword(input.newPassword);
  const present = ctx.actor.type === 'user' ? (ctx.actor.sessionId ?? '') : '';
  await writeWhenUnlocked(ctx.db, () => {
    ctx.db.update(users).set({ passwordHash }).where(eq(users.id, userId)).run();
    const revoked = input.revokeTokens
      ? ctx.db
          .update(apiTokens)
          .set({ revokedAt: ctx.now() })
          .where(and(eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt)))
          .returning({ id: apiTokens.id })
          .all()
      : [];
    const payload = { revokedTokens: revoked.map(({ id }) => id).sort() };
    appendAudit(ctx, { action: 'users.changePassword', subject: userId, projectId: null, payload });
    endSessions(ctx, { userId, reason: 'password-change', which: ne(sessions.id, present) });
  });
}
