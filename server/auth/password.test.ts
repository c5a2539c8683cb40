import { expect, it } from 'vitest';
import { hashPassword, verifyPassword } from './password.ts';

it('hashes a bounded number of passwords, refuses the rest at once, and leaves the process to others meanwhile', async () => {
  const known = await hashPassword('correct horse battery');
  let longestPauseMs = 0;
  let last = performance.now();
  const ticks = setInterval(() => {
    longestPauseMs = Math.max(longestPauseMs, performance.now() - last);
    last = performance.now();
  }, 10);
  const begun = performance.now();
  let firstRefusedAt = Number.POSITIVE_INFINITY;
  const all = await Promise.allSettled(
    Array.from({ length: 150 }, () =>
      verifyPassword(known, 'wrong').catch((error: unknown) => {
        firstRefusedAt = Math.min(firstRefusedAt, performance.now() - begun);
        throw error;
      }),
    ),
  );
  clearInterval(ticks);
  const refused = all.filter((one) => one.status === 'rejected');
  expect(refused.length).toBeGreaterThanOrEqual(150 - 50 - 64);
  expect(refused.length).toBeLessThan(100);
  expect(refused[0]?.reason).toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 });
  expect(firstRefusedAt).toBeLessThan(500);
  expect(longestPauseMs).toBeLessThan(1000);
  // the queue is empty again, and answers as before
  expect(await verifyPassword(known, 'correct horse battery')).toBe(true);
});
