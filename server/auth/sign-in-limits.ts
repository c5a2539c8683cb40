import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { DomainError } from '../errors.ts';
import { addressGroup } from './client-address.ts';

type Attempt = {
  account: string;
  address: string;
  /** this account has signed in from this address before: a flood from elsewhere does not slow it */
  isKnown?: boolean;
};

export type SignInLimits = {
  /**
   * Runs one check of a password or code, which gives null when it is wrong. Only wrong ones count. Throws
   * `too-many-requests`, before the check, when this account must wait at this address.
   */
  attempt: <Result>(who: Attempt, check: () => Promise<Result | null>) => Promise<Result | null>;
};

const FREE_FAILURES = 5;
const LONGEST_WAIT_MS = 30_000;
const LANE_STEP_MS = 1000;
const LONGEST_LANE_MS = 10_000;
const WINDOW_SECONDS = 900;
/** far more than live at once; beyond, the oldest is forgotten */
const MAX_KEPT = 20_000;

const key = (text: string) => createHash('sha256').update(text.toLowerCase()).digest('base64url');

/**
 * Limits on guessing, in the memory of the one web process. Nobody is locked out: the same account at the same address waits 1 s
 * after its fifth failure, then twice as long each time, 30 s at most; where an account has failed often over all addresses, or
 * an address over all accounts, attempts go on one a second.
 */
export function createSignInLimits({ perAccount = 50, perAddress = 100, now = Date.now } = {}): SignInLimits {
  const accounts = new RateLimiterMemory({ points: perAccount, duration: WINDOW_SECONDS });
  const addresses = new RateLimiterMemory({ points: perAddress, duration: WINDOW_SECONDS });
  const pairs = new Map<string, { failures: number; at: number }>();
  const lanes = new Map<string, number>();

  function requireRested(pair: string): void {
    const before = pairs.get(pair);
    if (!before || before.failures < FREE_FAILURES) return;
    const waitMs = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** (before.failures - FREE_FAILURES));
    const leftMs = before.at + waitMs - now();
    if (leftMs > 0) throw tooMany(leftMs);
  }

  function keepPair(pair: string, failures: number): void {
    pairs.delete(pair);
    if (failures <= 0) return;
    pairs.set(pair, { failures, at: now() });
    for (const [oldest, { at }] of pairs) {
      if (pairs.size <= MAX_KEPT && now() - at < WINDOW_SECONDS * 1000) break;
      pairs.delete(oldest);
    }
  }

  /** One a second; who would wait longer than ten is told to come back. */
  async function standInLane(lane: string): Promise<void> {
    const turn = Math.max(now(), lanes.get(lane) ?? 0);
    const waitMs = turn - now();
    if (waitMs > LONGEST_LANE_MS) throw tooMany(LONGEST_LANE_MS);
    lanes.delete(lane);
    lanes.set(lane, turn + LANE_STEP_MS);
    for (const [oldest, free] of lanes) {
      if (free > now()) break;
      lanes.delete(oldest);
    }
    if (waitMs > 0) await sleep(waitMs);
  }

  const failuresOf = async (limiter: RateLimiterMemory, name: string) =>
    (await limiter.get(name))?.consumedPoints ?? 0;

  return {
    async attempt({ account, address, isKnown = false }, check) {
      const from = key(addressGroup(address));
      const who = key(account);
      const pair = `${who} ${from}`;
      requireRested(pair);
      // counted before it is known, and taken back: attempts at the same moment see each other
      const before = pairs.get(pair)?.failures ?? 0;
      keepPair(pair, before + 1);
      const takeBack = () => keepPair(pair, (pairs.get(pair)?.failures ?? 0) - 1);
      try {
        if ((await failuresOf(addresses, from)) >= perAddress) await standInLane(`address ${from}`);
        if (!isKnown && (await failuresOf(accounts, who)) >= perAccount) await standInLane(`account ${who}`);
        const result = await check();
        if (result === null) {
          // it may have stood in a lane meanwhile: the wait begins now
          keepPair(pair, pairs.get(pair)?.failures ?? 1);
          await accounts.penalty(who);
          await addresses.penalty(from);
        } else pairs.delete(pair);
        return result;
      } catch (error) {
        takeBack();
        throw error;
      }
    },
  };
}

function tooMany(leftMs: number): DomainError {
  const seconds = Math.max(1, Math.ceil(leftMs / 1000));
  return new DomainError(
    'too-many-requests',
    `Too many attempts. Try again in ${seconds} second${seconds === 1 ? '' : 's'}.`,
    { retryAfterSeconds: seconds },
  );
}
