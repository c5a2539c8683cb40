import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { TokenScope } from '../users/schemas.ts';

/** An API token may read with scope `read` and change things only with scope `write`; people at the pages have both. Throws `forbidden`. */
export function requireScope(ctx: Pick<Ctx, 'actor'>, needed: TokenScope): void {
  if (ctx.actor.type !== 'user' || !ctx.actor.token || ctx.actor.token.scopes.includes(needed)) return;
  throw new DomainError(
    'forbidden',
    `This API token lacks the scope "${needed}" (it has: ${ctx.actor.token.scopes.join(', ')}).`,
  );
}
