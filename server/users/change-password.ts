import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import { hashPassword, verifyPassword } from '../auth/password.ts';
import type { SignInLimits } from '../auth/sign-in-limits.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import type { ChangePasswordInput } from './schemas.ts';

/**
 * Sets the password of the signed-in person; every session made with the old one ends. Throws `invalid` for a wrong current
 * password and `too-many-requests` after too many of them.
 */
export async function changePassword(
  { ctx, input }: { ctx: Ctx; input: ChangePasswordInput },
  limits: SignInLimits,
): Promise<void> {
  const userId = requireUser(ctx);
  const user = ctx.db.select().from(users).where(eq(users.id, userId)).get();
  if (!user) throw new DomainError('not-found', 'Your account is gone.');
  if (user.passwordHash !== null) {
    // who is signed in is known: one place to count at, wherever they are
    const who = { account: userId, address: userId };
    const isRight = await limits.attempt(who, async () =>
      (await verifyPassword(user.passwordHash, input.currentPassword ?? '')) ? true : null,
    );
    if (!isRight) throw new DomainError('invalid', 'The current password is not right.');
  }
  const passwordHash = await hashPassword(input.newPassword);
  await writeWhenUnlocked(ctx.db, () => {
    ctx.db.update(users).set({ passwordHash }).where(eq(users.id, userId)).run();
    appendAudit(ctx, { action: 'users.changePassword', subject: userId, projectId: null, payload: {} });
  });
}
