import { verifyPassword } from '../auth/password.ts';
import type { SignInLimits } from '../auth/sign-in-limits.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getPerson } from './internal.ts';

/**
 * For what a session left open must not be enough for. Throws `invalid` for a wrong password (and for people who have none, and
 * must set one first), `too-many-requests` after too many of them.
 */
export async function requireOwnPassword(
  ctx: Pick<Ctx, 'db' | 'actor'>,
  password: string,
  limits: SignInLimits,
): Promise<void> {
  const userId = requireUser(ctx);
  const { passwordHash } = getPerson(ctx, userId);
  if (passwordHash === null) {
    throw new DomainError('invalid', 'You have no password here yet: set one first.');
  }
  // who is signed in is known: one place to count at, wherever they are
  const isRight = await limits.attempt({ account: userId, address: userId }, async () =>
    (await verifyPassword(passwordHash, password)) ? true : null,
  );
  if (!isRight) throw new DomainError('invalid', 'The current password is not right.');
}
