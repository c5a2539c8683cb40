import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';

export const WORTHLESS_LINK =
  'This link is not valid any more: it was used, revoked, or has expired. Ask the owner for a new one.';

/** One person's row. Throws `not-found`. */
export function getPerson(ctx: Pick<Ctx, 'db'>, userId: string): typeof users.$inferSelect {
  const person = ctx.db.select().from(users).where(eq(users.id, userId)).get();
  if (!person) throw new DomainError('not-found', `No person ${userId}.`);
  return person;
}

/** Throws `conflict` when the address is in use. Only holders of a valid link come this far, so it tells strangers nothing. */
export function requireFreeEmail(ctx: Pick<Ctx, 'db'>, email: string): void {
  if (ctx.db.select({ id: users.id }).from(users).where(eq(users.email, email)).get()) {
    throw new DomainError(
      'conflict',
      `There is an account for ${email} already: sign in first, then open the link again.`,
    );
  }
}
