import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { findInvite } from '../projects/internal.ts';
import { getPerson, WORTHLESS_LINK } from './internal.ts';

/** Whose password a link sets, for the page that does. Throws `expired` for a link that is not valid. */
export function readResetLink({ ctx, input }: { ctx: Ctx; input: { token: string } }): {
  name: string;
  email: string | null;
} {
  const link = findInvite(ctx, input.token, 'reset');
  if (!link?.userId) throw new DomainError('expired', WORTHLESS_LINK);
  const { name, email } = getPerson(ctx, link.userId);
  return { name, email };
}
