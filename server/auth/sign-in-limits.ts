import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { DomainError } from '../errors.ts';

export type SignInLimits = {
  /** Counts an attempt. Throws `too-many-requests` when the account or the address has used up its attempts. */
  consume: (attempt: { email: string; address: string }) => Promise<void>;
  /** After a success the account starts afresh; the address keeps its count. */
  forgive: (email: string) => Promise<void>;
};

const key = (text: string) => createHash('sha256').update(text.toLowerCase()).digest('base64url');

/**
 * Limits on signing in, per account and per address, in the memory of the one web process. The address may be forged where
 * no proxy sets it, the account may not: that is why both are counted.
 */
export function createSignInLimits({ perAccount = 10, perAddress = 100, seconds = 900 } = {}): SignInLimits {
  const accounts = new RateLimiterMemory({ points: perAccount, duration: seconds });
  const addresses = new RateLimiterMemory({ points: perAddress, duration: seconds });
  return {
    async consume({ email, address }) {
      try {
        await addresses.consume(key(address));
        await accounts.consume(key(email));
      } catch (cause) {
        if (!(cause instanceof RateLimiterRes)) throw cause;
        const minutes = Math.ceil(cause.msBeforeNext / 60_000);
        throw new DomainError(
          'too-many-requests',
          `Too many attempts. Try again in ${minutes} minute${minutes === 1 ? '' : 's'}.`,
        );
      }
    },
    async forgive(email) {
      await accounts.delete(key(email));
    },
  };
}
