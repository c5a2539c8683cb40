import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';

/** The signed-in person's own account. */
export function readMe({ ctx }: { ctx: Ctx }): {
  id: string;
  name: string;
  email: string | null;
  isInstanceOwner: boolean;
  hasPassword: boolean;
} {
  const user = ctx.db
    .select()
    .from(users)
    .where(eq(users.id, requireUser(ctx)))
    .get();
  if (!user) throw new DomainError('not-found', 'Your account is gone.');
  const { id, name, email, isInstanceOwner, passwordHash } = user;
  return { id, name, email, isInstanceOwner, hasPassword: passwordHash !== null };
}
