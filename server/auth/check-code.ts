import type { users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { takeRecoveryCode, takeTotpCode } from '../second-factor/internal.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import type { SignInLimits } from './sign-in-limits.ts';

type Person = typeof users.$inferSelect;
type Ready = Pick<Ctx, 'db' | 'dataFolder' | 'now'>;

/**
 * The second factor of who has shown the first: uses the code up and notes the sign-in, by `first` and what the code was. Throws
 * `too-many-requests` beyond the limits.
 */
export async function checkCode(
  ctx: Ready,
  input: { person: Person; code: string; first: string; address: string; isKnown: boolean },
  limits: SignInLimits,
): Promise<{ userId: string } | 'code-missing' | 'code-wrong'> {
  const { person, first, address, isKnown } = input;
  const code = input.code.trim();
  if (code === '') return 'code-missing';
  // counted apart: the right password must not make wrong codes forgotten
  const method = await limits.attempt({ account: `code ${person.id}`, address, isKnown }, () =>
    writeWhenUnlocked(ctx.db, () => {
      const used = useCode(ctx, person, code);
      if (used !== null) logSignIn(ctx, person.id, `${first} and ${used}`);
      return used;
    }),
  );
  return method === null ? 'code-wrong' : { userId: person.id };
}

/** Call inside a transaction. */
export function logSignIn(ctx: Pick<Ctx, 'db' | 'now'>, userId: string, method: string): void {
  const actor = { type: 'user', userId, isInstanceOwner: false } as const;
  appendAudit(
    { ...ctx, actor },
    { action: 'users.signIn', subject: userId, projectId: null, payload: { method } },
  );
}

function useCode(ctx: Ready, person: Person, code: string): string | null {
  if (takeTotpCode(ctx, person, code.replace(/\s/g, ''))) return 'code';
  return takeRecoveryCode(ctx, person.id, code) ? 'recovery code' : null;
}
