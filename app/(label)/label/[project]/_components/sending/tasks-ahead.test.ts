import { expect, it } from 'vitest';
import { MAX_LIVE_LEASES } from '@/server/tasks/schemas.ts';
import { tasksAhead } from './tasks-ahead.ts';

it('holds ten ahead while many are open, at most a quarter of what is open, and at least one', () => {
  expect([500, 41, 40, 39, 20, 8, 7, 4, 1, 0].map(tasksAhead)).toEqual([10, 10, 10, 9, 5, 2, 1, 1, 1, 1]);
  expect(tasksAhead(500)).toBe(MAX_LIVE_LEASES - 1);
});
