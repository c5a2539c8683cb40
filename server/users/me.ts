import { and, count, eq, isNull } from 'drizzle-orm';
import { recoveryCodes, users } from '../../db/schema/users.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';

/** The signed-in person's own account. */
export function readMe({ ctx }: { ctx: Ctx }): {
  id: string;
  name: string;
  email: string | null;
  isInstanceOwner: boolean;
  hasPassword: boolean;
  hasSecondFactor: boolean;
  /** unused ones */
  recoveryCodes: number;
} {
  const user = ctx.db
    .select()
    .from(users)
    .where(eq(users.id, requireUser(ctx)))
    .get();
  if (!user) throw new DomainError('not-found', 'Your account is gone.');
  const { id, name, email, isInstanceOwner, passwordHash, totpSince } = user;
  return {
    id,
    name,
    email,
    isInstanceOwner,
    hasPassword: passwordHash !== null,
    hasSecondFactor: totpSince !== null,
    recoveryCodes: countCodes(ctx, id),
  };
}

function countCodes(ctx: Ctx, userId: string): number {
  const isUnused = and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt));
  return ctx.db.select({ n: count() }).from(recoveryCodes).where(isUnused).get()?.n ?? 0;
}
