import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import type { SignInLimits } from '../auth/sign-in-limits.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { getPerson } from '../users/internal.ts';
import { replaceRecoveryCodes, takeTotpCode } from './internal.ts';
import type { ConfirmSecondFactorInput } from './schemas.ts';

/**
 * Turns the second factor on with the first code that the app shows. Gives the recovery codes. Throws `invalid` for a wrong
 * code, `conflict` where nothing waits for one.
 */
export async function confirmSecondFactor(
  { ctx, input }: { ctx: Ctx; input: ConfirmSecondFactorInput },
  limits: SignInLimits,
): Promise<{ recoveryCodes: string[] }> {
  const userId = requireUser(ctx);
  const codes = await limits.attempt({ account: `code ${userId}`, address: userId }, () =>
    writeWhenUnlocked(ctx.db, () => {
      const person = getPerson(ctx, userId);
      if (person.totpSecret === null || person.totpSince !== null) {
        throw new DomainError('conflict', 'No second factor waits for its first code: begin again.');
      }
      if (!takeTotpCode(ctx, person, input.code)) return null;
      ctx.db.update(users).set({ totpSince: ctx.now() }).where(eq(users.id, userId)).run();
      const recoveryCodes = replaceRecoveryCodes(ctx, userId);
      appendAudit(ctx, { action: 'users.secondFactorOn', subject: userId, projectId: null, payload: {} });
      return recoveryCodes;
    }),
  );
  if (codes === null) {
    throw new DomainError(
      'invalid',
      'This code is not right. Is the clock of your device? Wait for the next code.',
    );
  }
  return { recoveryCodes: codes };
}
