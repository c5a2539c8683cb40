import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { takeRecoveryCode, takeTotpCode } from '../second-factor/internal.ts';
import { isKnownAddress } from '../sessions/internal.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { verifyPassword } from './password.ts';
import type { SignInLimits } from './sign-in-limits.ts';

type Credentials = { email: string; password: string; code?: string | undefined; address: string };
type Person = typeof users.$inferSelect;

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
  const code = input.code?.trim() ?? '';
  if (code === '') return 'code-missing';
  // counted apart: the right password must not make wrong codes forgotten
  const method = await limits.attempt({ account: `code ${user.id}`, address, isKnown }, () =>
    writeWhenUnlocked(ctx.db, () => {
      const used = useCode(ctx, user, code);
      if (used !== null) logSignIn(ctx, user.id, used);
      return used;
    }),
  );
  return method === null ? 'code-wrong' : { userId: user.id };
}

function logSignIn(ctx: Pick<Ctx, 'db' | 'now'>, userId: string, method: string): void {
  const actor = { type: 'user', userId, isInstanceOwner: false } as const;
  appendAudit(
    { ...ctx, actor },
    { action: 'users.signIn', subject: userId, projectId: null, payload: { method } },
  );
}

function useCode(ctx: Pick<Ctx, 'db' | 'dataFolder' | 'now'>, user: Person, code: string): string | null {
  const digits = code.replace(/\s/g, '');
  if (takeTotpCode(ctx, user, digits)) return 'password and code';
  return takeRecoveryCode(ctx, user.id, code) ? 'password and recovery code' : null;
}
