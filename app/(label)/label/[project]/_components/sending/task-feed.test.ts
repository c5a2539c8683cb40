import { TRPCClientError } from '@trpc/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClaimedTask } from '@/server/tasks/schemas.ts';
import type { LabelApi } from './label-api.ts';
import { createTaskFeed, type TaskFeed } from './task-feed.ts';

const LEASE_MS = 15 * 60_000;
const progress = { mine: 0, openForMe: 5 };

function taskOf(number: number): ClaimedTask {
  return {
    taskId: `tsk_${number}`,
    seatId: `sea_${number}`,
    leaseToken: `token_${number}`,
    leasedAt: Date.now(),
    leaseExpiresAt: Date.now() + LEASE_MS,
    guidelineVersion: 1,
    prompt: [],
    responses: [],
    askStrength: true,
    requireRationale: false,
    numPlaces: 2,
  };
}
const refusal = (code: string, httpStatus: number) =>
  new TRPCClientError(code, {
    result: { error: { message: code, code: -32000, data: { domainCode: code, httpStatus } } },
  } as never);

/** hands out tasks 1 .. total, never one that is held */
function serverWith(total: number) {
  let given = 0;
  const claim = vi.fn<LabelApi['claim']>(async () => {
    given += 1;
    return given > total
      ? { task: null, progress: { mine: total, openForMe: 0 } }
      : { task: taskOf(given), progress };
  });
  const renew = vi.fn<LabelApi['renew']>(async () => ({ leaseExpiresAt: Date.now() + LEASE_MS }));
  const reclaim = vi.fn<LabelApi['reclaim']>();
  return { claim, renew, release: vi.fn(), skip: vi.fn<LabelApi['skip']>(async () => ({})), reclaim };
}

let feed: TaskFeed;
const started = (api: ReturnType<typeof serverWith>, seatsUnderWay: () => string[] = () => []) => {
  feed = createTaskFeed({ api, now: Date.now, seatsUnderWay });
  return feed;
};
beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => {
  feed.stop();
  vi.useRealTimers();
});

describe('task feed', () => {
  it('shows one task, holds one ahead, and shows that one without asking anybody', async () => {
    const api = serverWith(3);
    started(api);
    await feed.fill();
    expect(feed.getState()).toMatchObject({ current: { seatId: 'sea_1' }, upcoming: [{ seatId: 'sea_2' }] });
    expect(api.claim.mock.calls).toEqual([[[]], [['sea_1']]]);
    feed.next();
    expect(feed.getState()).toMatchObject({ current: { seatId: 'sea_2' }, upcoming: [] });
    expect(api.claim).toHaveBeenCalledTimes(2);
    await feed.fill();
    feed.next();
    await feed.fill();
    feed.next();
    await feed.fill();
    expect(feed.getState()).toMatchObject({ current: null, status: 'empty' });
  });

  it('says that answers on their way hold seats, so that they are not handed back', async () => {
    const api = serverWith(2);
    started(api, () => ['sea_9']);
    await feed.fill();
    expect(api.claim.mock.calls[0]).toEqual([['sea_9']]);
  });

  it('keeps trying without a connection and recovers', async () => {
    const api = serverWith(1);
    api.claim.mockRejectedValueOnce(new TypeError('fetch failed'));
    started(api);
    await feed.fill();
    expect(feed.getState().status).toBe('unreachable');
    await vi.advanceTimersByTimeAsync(3_100);
    expect(feed.getState()).toMatchObject({ status: 'ready', current: { seatId: 'sea_1' } });
  });

  it('renews leases while somebody is there, and not after they have gone', async () => {
    const api = serverWith(2);
    started(api);
    await feed.fill();
    for (let minute = 0; minute < 20; minute += 1) {
      feed.notePresence();
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(api.renew.mock.calls.length).toBeGreaterThanOrEqual(4);
    expect(feed.getState().lost).toBeNull();
    api.renew.mockClear();
    await vi.advanceTimersByTimeAsync(20 * 60_000);
    expect(api.renew.mock.calls.length).toBeLessThanOrEqual(2);
    expect(feed.getState().lost).toContain('ran out');
  });

  it('gives the task on the screen a fresh lease, or says that it has passed on', async () => {
    const api = serverWith(2);
    started(api);
    await feed.fill();
    await vi.advanceTimersByTimeAsync(40 * 60_000);
    api.reclaim.mockResolvedValueOnce({ task: { ...taskOf(1), leaseToken: 'fresh' } });
    expect(await feed.reclaim()).toBe(true);
    expect(feed.getState()).toMatchObject({ lost: null, current: { leaseToken: 'fresh' } });
    api.reclaim.mockRejectedValueOnce(refusal('conflict', 409));
    expect(await feed.reclaim()).toBe(false);
    expect(feed.getState()).toMatchObject({ lost: 'conflict', current: { seatId: 'sea_1' } });
  });

  it('drops a prefetched task whose lease is refused, and reports it for the current one', async () => {
    const api = serverWith(2);
    started(api);
    await feed.fill();
    api.renew.mockRejectedValue(refusal('expired', 412));
    await vi.advanceTimersByTimeAsync(8 * 60_000);
    feed.notePresence();
    await feed.checkLeases();
    expect(feed.getState()).toMatchObject({ lost: 'expired', upcoming: [], current: { seatId: 'sea_1' } });
  });

  it('shows the next task at once on a skip and tells the server', async () => {
    const api = serverWith(3);
    started(api);
    await feed.fill();
    const skipped = feed.skip('not my language');
    expect(feed.getState().current?.seatId).toBe('sea_2');
    await skipped;
    expect(api.skip).toHaveBeenCalledWith({
      seatId: 'sea_1',
      leaseToken: 'token_1',
      reason: 'not my language',
    });
    expect(feed.getState().upcoming[0]?.seatId).toBe('sea_3');
  });

  it('takes its own expired seat for what it is, not for another task', async () => {
    const api = serverWith(3);
    const first = taskOf(7);
    api.claim.mockResolvedValueOnce({ task: first, progress });
    api.claim.mockResolvedValueOnce({ task: { ...first, leaseToken: 'fresh' }, progress });
    started(api);
    await feed.fill();
    expect(feed.getState()).toMatchObject({ current: { seatId: 'sea_7', leaseToken: 'fresh' } });
    expect(feed.getState().upcoming.map((task) => task.seatId)).toEqual(['sea_1']);
  });
});
