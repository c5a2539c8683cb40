import { appendAudit } from '../audit/append.ts';
import type { SignInLimits } from '../auth/sign-in-limits.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { getPerson } from '../users/internal.ts';
import { requireOwnPassword } from '../users/require-own-password.ts';
import { replaceRecoveryCodes } from './internal.ts';
import type { OwnPasswordInput } from './schemas.ts';

/** Ten new recovery codes; the old ones stop working. Throws as requireOwnPassword, and `conflict` without a second factor. */
export async function newRecoveryCodes(
  { ctx, input }: { ctx: Ctx; input: OwnPasswordInput },
  limits: SignInLimits,
): Promise<{ recoveryCodes: string[] }> {
  const userId = requireUser(ctx);
  await requireOwnPassword(ctx, input.password, limits);
  return writeWhenUnlocked(ctx.db, () => {
    if (getPerson(ctx, userId).totpSince === null) {
      throw new DomainError('conflict', 'You have no second factor, so there is nothing to recover.');
    }
    const recoveryCodes = replaceRecoveryCodes(ctx, userId);
    appendAudit(ctx, { action: 'users.newRecoveryCodes', subject: userId, projectId: null, payload: {} });
    return { recoveryCodes };
  });
}
