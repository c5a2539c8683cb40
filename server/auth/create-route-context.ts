import type { Ctx } from '../context.ts';
import { readEnv } from '../env.ts';
import type { RateClass } from '../limits/rate-classes.ts';
import { takeToken } from '../limits/take-token.ts';
import { requireAllowedHost, requireSameOrigin } from './check-request.ts';
import { clientAddress } from './client-address.ts';
import { createContext } from './create-context.ts';
import { requireScope } from './require-scope.ts';

/**
 * The context of a request beside tRPC, counted as one of its class, with what every such request has to pass: the host's name (the
 * proxy leaves uploads out), that no other site sent it, and that an API token may read, or write unless it is a GET. Throws
 * `forbidden`, `unauthenticated` for a wrong API token, `too-many-requests` beyond the limit.
 */
export async function createRouteContext(request: Request, rate: RateClass): Promise<Ctx> {
  requireAllowedHost(request);
  requireSameOrigin(request);
  const ctx = await createContext(request.headers);
  takeToken(ctx, rate, Date.now());
  requireScope(ctx, request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write');
  return ctx;
}

/** Counts a request of somebody who need not sign in, by where it came from. Throws `too-many-requests`. */
export function countByAddress(headers: Headers, rate: RateClass): void {
  const address = clientAddress(headers, readEnv());
  takeToken({ actor: { type: 'anonymous' }, address }, rate, Date.now());
}
