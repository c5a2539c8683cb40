import { appendAudit } from '../audit/append.ts';
import type { SignInLimits } from '../auth/sign-in-limits.ts';
import { type Ctx, requireUser } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { requireOwnPassword } from '../users/require-own-password.ts';
import { forgetSecondFactor } from './internal.ts';
import type { OwnPasswordInput } from './schemas.ts';

/** The signed-in person signs in without a code again. Throws as requireOwnPassword. */
export async function turnOffSecondFactor(
  { ctx, input }: { ctx: Ctx; input: OwnPasswordInput },
  limits: SignInLimits,
): Promise<void> {
  const userId = requireUser(ctx);
  await requireOwnPassword(ctx, input.password, limits);
  await writeWhenUnlocked(ctx.db, () => {
    forgetSecondFactor(ctx, userId);
    appendAudit(ctx, { action: 'users.secondFactorOff', subject: userId, projectId: null, payload: {} });
  });
}
