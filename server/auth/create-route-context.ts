import type { Ctx } from '../context.ts';
import { readEnv } from '../env.ts';
import type { RateClass } from '../limits/rate-classes.ts';
import { takeToken } from '../limits/take-token.ts';
import { clientAddress } from './client-address.ts';
import { createContext } from './create-context.ts';

/** The context of a request beside tRPC, counted as one of its class. Throws `unauthenticated` for a wrong API token, `too-many-requests` beyond the limit. */
export async function createRouteContext(headers: Headers, rate: RateClass): Promise<Ctx> {
  const ctx = await createContext(headers);
  takeToken(ctx, rate, Date.now());
  return ctx;
}

/** Counts a request of somebody who need not sign in, by where it came from. Throws `too-many-requests`. */
export function countByAddress(headers: Headers, rate: RateClass): void {
  const address = clientAddress(headers, readEnv());
  takeToken({ actor: { type: 'anonymous' }, address }, rate, Date.now());
}
