import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import { hashPassword } from '../auth/password.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { findInvite, spendInvite } from '../projects/internal.ts';
import { forgetSecondFactor } from '../second-factor/internal.ts';
import { endSessions } from '../sessions/internal.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { getPerson, WORTHLESS_LINK } from './internal.ts';
import type { ResetPasswordInput } from './schemas.ts';

/** Uses a reset link up: sets the password and ends every session of the person. Throws `expired` for a link that is not valid. */
export async function resetPassword({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: ResetPasswordInput;
}): Promise<{ email: string | null }> {
  // before the slow hash, or strangers could keep the processor busy
  if (findInvite(ctx, input.token, 'reset') === null) throw new DomainError('expired', WORTHLESS_LINK);
  const passwordHash = await hashPassword(input.newPassword);
  return writeWhenUnlocked(ctx.db, () => {
    const link = findInvite(ctx, input.token, 'reset');
    if (!link?.userId) throw new DomainError('expired', WORTHLESS_LINK);
    const { userId, endsSecondFactor } = link;
    const { email, disabledAt } = getPerson(ctx, userId);
    if (disabledAt !== null) throw new DomainError('expired', WORTHLESS_LINK);
    const as = { ...ctx, actor: { type: 'user', userId, isInstanceOwner: false } as const };
    ctx.db.update(users).set({ passwordHash }).where(eq(users.id, userId)).run();
    spendInvite(ctx, link.id, userId);
    if (endsSecondFactor) forgetSecondFactor(ctx, userId);
    const payload = { link: link.id, endsSecondFactor };
    appendAudit(as, { action: 'users.resetPassword', subject: userId, projectId: null, payload });
    endSessions(as, { userId, reason: 'password-reset' });
    return { email };
  });
}
