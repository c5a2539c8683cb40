import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { RATE_CLASSES, type RateClass } from './rate-classes.ts';

type Bucket = { tokens: number; at: number };

const MAX_KEPT = 50_000;
// on globalThis, because pages and routes are bundles of their own in one process
const kept = globalThis as typeof globalThis & { plumblineBuckets?: Map<string, Bucket> };
kept.plumblineBuckets ??= new Map();
const buckets = kept.plumblineBuckets;

/**
 * Counts one call of a class: a bucket of `burst` tokens that fills again by `perHour`, one for each person, or for each address
 * where nobody is signed in. Jobs and the system are not counted. Throws `too-many-requests` when it is empty.
 */
export function takeToken(ctx: Pick<Ctx, 'actor' | 'address'>, rateClass: RateClass, now: number): void {
  const { actor } = ctx;
  if (actor.type !== 'user' && actor.type !== 'anonymous') return;
  const who = actor.type === 'user' ? actor.userId : `from ${ctx.address ?? 'unknown'}`;
  const key = `${rateClass} ${who}`;
  const { burst, perHour } = RATE_CLASSES[rateClass];
  const perMs = perHour / 3_600_000;
  const before = buckets.get(key) ?? { tokens: burst, at: now };
  const tokens = Math.min(burst, before.tokens + Math.max(0, now - before.at) * perMs);
  // the one that was used last lies last, so that forgetting begins with who has been quiet longest
  buckets.delete(key);
  buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
  const oldest = buckets.keys().next().value;
  if (buckets.size > MAX_KEPT && oldest !== undefined) buckets.delete(oldest);
  if (tokens >= 1) return;
  const seconds = Math.max(1, Math.ceil((1 - tokens) / perMs / 1000));
  throw new DomainError(
    'too-many-requests',
    `Too many requests of this kind. Try again in ${seconds} second${seconds === 1 ? '' : 's'}.`,
    { retryAfterSeconds: seconds },
  );
}
