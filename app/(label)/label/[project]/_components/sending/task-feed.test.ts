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

/** hands out tasks 1 .. total, never one that is held; says of the open ones what it is told to say */
function serverWith(total: number) {
  let given = 0;
  const claim = vi.fn<LabelApi['claim']>(async () => {
    given += 1;
    return given > total
      ? { task: null, nothingOpen: 'all-judged', progress: { mine: total, openForMe: 0 } }
      : { task: taskOf(given), nothingOpen: null, progress };
  });
  const renew = vi.fn<LabelApi['renew']>(async () => ({ leaseExpiresAt: Date.now() + LEASE_MS }));
  const reclaim = vi.fn<LabelApi['reclaim']>();
  const releaseAll = vi.fn<LabelApi['releaseAll']>(async () => ({}));
  const asked = vi.fn<LabelApi['progress']>(async () => progress);
  const skip = vi.fn<LabelApi['skip']>(async () => ({}));
  return { claim, renew, releaseAll, progress: asked, skip, reclaim };
}

let feed: TaskFeed;
const started = (api: ReturnType<typeof serverWith>, seatsUnderWay: () => string[] = () => []) => {
  feed = createTaskFeed({ api, now: Date.now, seatsUnderWay, isSending: () => seatsUnderWay().length > 0 });
  return feed;
};
beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => {
  feed.stop();
  vi.useRealTimers();
});

/** a server with many tasks that knows how many are open, held ones not counted */
function largeServer(numTasks: number) {
  const api = serverWith(numTasks);
  let given = 0;
  api.claim.mockImplementation(async () => {
    given += 1;
    const openForMe = Math.min(500, Math.max(0, numTasks - given));
    return given > numTasks
      ? { task: null, nothingOpen: 'held', progress: { mine: 0, openForMe: 0 } }
      : { task: taskOf(given), nothingOpen: null, progress: { mine: 0, openForMe } };
  });
  return api;
}

describe('tasks held ahead', () => {
  it('last through ten answers without a connection', async () => {
    const api = largeServer(200);
    started(api);
    await feed.fill();
    expect(feed.getState().upcoming).toHaveLength(10);
    api.claim.mockRejectedValue(new TypeError('fetch failed'));
    api.progress.mockRejectedValue(new TypeError('fetch failed'));
    const shown = new Set([feed.getState().current?.seatId]);
    for (let answer = 0; answer < 10; answer += 1) {
      feed.next();
      await vi.advanceTimersByTimeAsync(20_000);
      shown.add(feed.getState().current?.seatId);
    }
    expect(shown.size).toBe(11);
    expect(feed.getState()).toMatchObject({ status: 'ready', upcoming: [] });
  });

  it('are few in a small project, and its last ones stay for others', async () => {
    const api = largeServer(10);
    started(api);
    await feed.fill();
    // one shown; two ahead, claimed while 9 and 8 were open; with 7 open one would be enough
    expect(feed.getState().upcoming).toHaveLength(2);
    expect(api.claim).toHaveBeenCalledTimes(3);
  });

  it('go back when others have taken most of what was open, except those that were seen', async () => {
    const api = largeServer(200);
    started(api);
    await feed.fill();
    const [second] = feed.getState().upcoming;
    feed.next();
    feed.reopen(taskOf(1));
    // ahead now: task 2, which was on the screen, and the nine after it; nothing else is open any more
    api.progress.mockResolvedValue({ mine: 1, openForMe: 1 });
    await feed.fill();
    await vi.advanceTimersByTimeAsync(0);
    expect(feed.getState().upcoming.map((task) => task.seatId)).toEqual([second?.seatId]);
    const released = api.releaseAll.mock.calls.flatMap(([leases]) => leases.map((lease) => lease.seatId));
    expect(released).toEqual(Array.from({ length: 9 }, (_, n) => `sea_${n + 3}`));
  });

  it('are handed back when the page is left; the one on the screen is not', async () => {
    const api = largeServer(200);
    started(api);
    await feed.fill();
    feed.leave();
    expect(api.releaseAll.mock.calls[0]?.[0]).toHaveLength(10);
    expect(api.releaseAll.mock.calls[0]?.[0]).not.toContainEqual(
      expect.objectContaining({ seatId: 'sea_1' }),
    );
    expect(feed.getState()).toMatchObject({ current: { seatId: 'sea_1' }, upcoming: [] });
  });

  it('are renewed too while somebody is there', async () => {
    const api = largeServer(200);
    started(api);
    await feed.fill();
    for (let minute = 0; minute < 10; minute += 1) {
      feed.notePresence();
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(new Set(api.renew.mock.calls.map(([lease]) => lease.seatId)).size).toBe(11);
  });
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
    expect(feed.getState()).toMatchObject({ current: null, status: 'empty', nothingOpen: 'all-judged' });
  });

  it('counts what was accepted, also while it needs no further task', async () => {
    const api = serverWith(3);
    started(api);
    await feed.fill();
    api.progress.mockResolvedValue({ mine: 1, openForMe: 4 });
    await feed.fill();
    expect(api.claim).toHaveBeenCalledTimes(2);
    expect(feed.getState().progress).toEqual({ mine: 1, openForMe: 4 });
  });

  it('asks once more when an answer was accepted while it asked', async () => {
    const api = serverWith(3);
    started(api);
    await feed.fill();
    let reply: (progress: { mine: number; openForMe: number }) => void = () => {};
    api.progress.mockReturnValueOnce(new Promise((resolve) => (reply = resolve)));
    api.progress.mockResolvedValue({ mine: 2, openForMe: 3 });
    const first = feed.fill();
    void feed.fill();
    reply({ mine: 1, openForMe: 4 });
    await first;
    expect(feed.getState().progress?.mine).toBe(2);
  });

  it('looks by itself whether something came back that others held', async () => {
    const api = serverWith(0);
    started(api);
    await feed.fill();
    expect(feed.getState().status).toBe('empty');
    api.claim.mockResolvedValueOnce({ task: taskOf(5), nothingOpen: null, progress });
    await vi.advanceTimersByTimeAsync(31_000);
    expect(feed.getState()).toMatchObject({ status: 'ready', current: { seatId: 'sea_5' } });
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
    api.claim.mockResolvedValueOnce({ task: first, nothingOpen: null, progress });
    const again = { ...first, leaseToken: 'fresh' };
    api.claim.mockResolvedValueOnce({ task: again, nothingOpen: null, progress });
    started(api);
    await feed.fill();
    expect(feed.getState()).toMatchObject({ current: { seatId: 'sea_7', leaseToken: 'fresh' } });
    expect(feed.getState().upcoming.map((task) => task.seatId)).toEqual(['sea_1']);
  });
});
