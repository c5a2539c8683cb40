import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { createBoundedQueue } from '../../lib/bounded-queue.ts';
import { DomainError } from '../errors.ts';

// OWASP's recommendation for argon2id: 19 MiB, two passes, one lane
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const MAX_WAITING = 50;

const createQueue = () =>
  createBoundedQueue({
    // one core is left for everybody else
    concurrency: Math.max(1, availableParallelism() - 1),
    maxWaiting: MAX_WAITING,
    refuse: () =>
      new DomainError('unavailable', 'The server is busy with many passwords. Try again in some seconds.', {
        retryAfterSeconds: 5,
      }),
  });

// on globalThis, because pages and routes are bundles of their own in one process
const kept = globalThis as typeof globalThis & { plumblinePasswordQueue?: ReturnType<typeof createQueue> };
kept.plumblinePasswordQueue ??= createQueue();
const inTurn = kept.plumblinePasswordQueue;

/** argon2id (the library's default kind) in PHC notation. Throws `unavailable` when too many wait already. */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, OPTIONS));
}

let decoy: Promise<string> | undefined;

/**
 * True when the password matches. For a person without a password (or nobody at all) the same work is done against a decoy,
 * so that the time taken does not tell who exists. Throws `unavailable` when too many wait already.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  // not through the queue: made once, and a refusal would stay
  decoy ??= hash('decoy: nobody has this password', OPTIONS);
  const against = passwordHash ?? (await decoy);
  const matches = await inTurn(() => verify(against, password));
  return passwordHash !== null && matches;
}
