import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import type { Ctx } from '../context.ts';
import { isKnownAddress } from '../sessions/internal.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { checkCode, logSignIn } from './check-code.ts';
import { verifyPassword } from './password.ts';
import type { SignInLimits } from './sign-in-limits.ts';

type Credentials = { email: string; password: string; code?: string | undefined; address: string };

/** What came of an attempt. `code-missing` and `code-wrong` are said to who knows the password, and to nobody else. */
export type SignInOutcome = { userId: string } | 'code-missing' | 'code-wrong' | null;

/**
 * The id of the person with this e-mail address, password and, where they have a second factor, code; or null: the same answer in
 * the same time for a wrong password, an unknown address, a disabled person and one without password. Throws
 * `too-many-requests` beyond the limits and `unavailable` when too many passwords wait to be checked.
 */
export async function checkCredentials(
  ctx: Pick<Ctx, 'db' | 'dataFolder' | 'now'>,
  input: Credentials,
  limits: SignInLimits,
): Promise<SignInOutcome> {
  const { password, address } = input;
  const email = input.email.trim().toLowerCase();
  const user = ctx.db.select().from(users).where(eq(users.email, email)).get();
  const isKnown = user !== undefined && isKnownAddress(ctx, user.id, address);
  const isRight = await limits.attempt({ account: email, address, isKnown }, async () => {
    const matches = await verifyPassword(user?.passwordHash ?? null, password);
    return matches && user?.disabledAt === null ? true : null;
  });
  if (!user || !isRight) return null;
  if (user.totpSince === null) {
    await writeWhenUnlocked(ctx.db, () => logSignIn(ctx, user.id, 'password'));
    return { userId: user.id };
  }
  const code = input.code ?? '';
  return checkCode(ctx, { person: user, code, first: 'password', address, isKnown }, limits);
}
