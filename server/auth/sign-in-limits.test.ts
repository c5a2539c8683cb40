import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSignInLimits, type SignInLimits } from './sign-in-limits.ts';

let limits: SignInLimits;
const wrong = async () => null;
const right = async () => true as const;
const from = (account: string, address: string, check: () => Promise<true | null> = wrong) =>
  limits.attempt({ account, address }, check);
const TOO_MANY = { code: 'too-many-requests' };

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  limits = createSignInLimits();
});
afterEach(() => vi.useRealTimers());

describe('limits on guessing', () => {
  it('make the owner wait half a minute at most after ten wrong passwords, however often they try meanwhile', async () => {
    const waits: number[] = [];
    for (let failures = 0; failures < 12; failures++) {
      const begun = Date.now();
      while ((await from('a@example.org', '192.0.2.1').catch(() => 'wait')) === 'wait')
        vi.advanceTimersByTime(500);
      waits.push((Date.now() - begun) / 1000);
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]);
    vi.advanceTimersByTime(30_000);
    expect(await from('a@example.org', '192.0.2.1', right)).toBe(true);
    // and then afresh
    for (let i = 0; i < 5; i++) expect(await from('a@example.org', '192.0.2.1')).toBeNull();
  });

  it('say in words and in seconds when to come back', async () => {
    for (let i = 0; i < 7; i++) {
      await from('a@example.org', '192.0.2.1');
      vi.advanceTimersByTime(i < 5 ? 1000 : 2000);
    }
    await expect(from('A@example.org', '192.0.2.1', right)).rejects.toMatchObject({
      ...TOO_MANY,
      message: 'Too many attempts. Try again in 2 seconds.',
      retryAfterSeconds: 2,
    });
  });

  it('do not count successes: an office of 500 behind one address signs in in a minute', async () => {
    for (let i = 0; i < 500; i++) expect(await from(`p${i}@example.org`, '192.0.2.1', right)).toBe(true);
  });

  it('are not met elsewhere by somebody whose account is guessed at from one address', async () => {
    for (let i = 0; i < 5; i++) await from('a@example.org', '192.0.2.1');
    await expect(from('a@example.org', '192.0.2.1')).rejects.toMatchObject(TOO_MANY);
    expect(await from('a@example.org', '198.51.100.7', right)).toBe(true);
  });

  it('see attempts of the same moment', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 150 }, () => from('a@example.org', '192.0.2.1')),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  });

  it('slow an account that is guessed at from everywhere to one a second, and never block it', async () => {
    for (let i = 0; i < 50; i++) await from('a@example.org', `192.0.2.${i}`);
    const late = Array.from({ length: 15 }, (_, i) => from('a@example.org', `198.51.100.${i}`, right));
    const outcomes = Promise.allSettled(late);
    await vi.advanceTimersByTimeAsync(10_000);
    const statuses = (await outcomes).map(({ status }) => status);
    expect(statuses.filter((status) => status === 'fulfilled')).toHaveLength(11);
    expect(statuses.filter((status) => status === 'rejected')).toHaveLength(4);
    // from where the account has signed in before there is no lane
    const known = { account: 'a@example.org', address: '203.0.113.1', isKnown: true };
    expect(await limits.attempt(known, right)).toBe(true);
  });

  it('slow an address that tries many accounts, and nobody elsewhere', async () => {
    for (let i = 0; i < 100; i++) await from(`a${i}@example.org`, '192.0.2.1');
    await from('b0@example.org', '192.0.2.1', right);
    const next = from('b1@example.org', '192.0.2.1', right);
    expect(await Promise.race([next, Promise.resolve('waits')])).toBe('waits');
    await vi.advanceTimersByTimeAsync(1000);
    expect(await next).toBe(true);
    expect(await from('b2@example.org', '192.0.2.2', right)).toBe(true);
  });

  it('do not count what was not checked', async () => {
    for (let i = 0; i < 20; i++) {
      await expect(
        from('a@example.org', '192.0.2.1', () => Promise.reject(new Error('busy'))),
      ).rejects.toThrow('busy');
    }
    expect(await from('a@example.org', '192.0.2.1', right)).toBe(true);
  });
});
