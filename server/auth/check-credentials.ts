import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { verifyPassword } from './password.ts';
import type { SignInLimits } from './sign-in-limits.ts';

/**
 * The id of the person with this e-mail address and password, or null: the same answer in the same time for a wrong password,
 * an unknown address, a disabled person and one without password. Throws `too-many-requests` beyond the limits and
 * `unavailable` when too many passwords wait to be checked.
 */
export async function checkCredentials(
  ctx: Pick<Ctx, 'db' | 'now'>,
  input: { email: string; password: string; address: string },
  limits: SignInLimits,
): Promise<string | null> {
  const email = input.email.trim().toLowerCase();
  const user = ctx.db
    .select({ id: users.id, passwordHash: users.passwordHash, disabledAt: users.disabledAt })
    .from(users)
    .where(eq(users.email, email))
    .get();
  const isRight = await limits.attempt({ account: email, address: input.address }, async () => {
    const matches = await verifyPassword(user?.passwordHash ?? null, input.password);
    return matches && user?.disabledAt === null ? true : null;
  });
  if (!user || !isRight) return null;
  const actor = { type: 'user', userId: user.id, isInstanceOwner: false } as const;
  await writeWhenUnlocked(ctx.db, () =>
    appendAudit(
      { db: ctx.db, actor, now: ctx.now },
      { action: 'users.signIn', subject: user.id, projectId: null, payload: { method: 'password' } },
    ),
  );
  return user.id;
}
