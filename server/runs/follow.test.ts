import { setMaxListeners } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Db } from '../../db/client.ts';
import { runs } from '../../db/schema/runs.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import type { Role } from '../../lib/roles.ts';
import type { TrainEvent } from '../../trainer/events.ts';
import type { Ctx } from '../context.ts';
import { claimJob, enqueueJob, type Lease } from '../jobs/queue.ts';
import { removeMember } from '../projects/remove-member.ts';
import { createCaller } from '../root.ts';
import { beginSession } from '../sessions/begin.ts';
import { endOwnSessions } from '../sessions/end.ts';
import { createToken } from '../users/create-token.ts';
import { revokeToken } from '../users/revoke-token.ts';
import { setDisabled } from '../users/set-disabled.ts';
import { followRun, type RunUpdates } from './follow.ts';
import { addRunEvent, type Run } from './internal.ts';
import { readMetrics } from './metrics.ts';
import { recordTrainEvent, rewindRun } from './record-event.ts';
import { followCursor } from './schemas.ts';

let db: Db;
let projectId: string;
let userIds: Record<Role, string>;
let run: Run;
let lease: Lease;

const as = (userId: string): Ctx => ({
  db,
  dataFolder: mkdtempSync(path.join(tmpdir(), 'plumbline-follow-')),
  actor: { type: 'user', userId, isInstanceOwner: false },
  now: Date.now,
});
const record = (event: TrainEvent) =>
  recordTrainEvent({ ctx: as(userIds.researcher), input: { run, lease, event, secondsSinceLastStep: 0.5 } });
const step = (n: number, totalSteps = 100) =>
  record({ type: 'step', step: n, totalSteps, metrics: { loss: 1 / n }, seconds: { update: 0.1 } });

beforeEach(() => {
  db = createTestDb();
  ({ projectId, userIds } = seedProject(db));
  run = db
    .insert(runs)
    .values({
      id: 'run_1',
      projectId,
      recipe: 'reward',
      name: 'r',
      status: 'running',
      config: {},
      folder: 'runs/run_1',
      createdBy: userIds.researcher,
      createdAt: 1,
    })
    .returning()
    .get();
  enqueueJob({ db, now: Date.now }, { kind: 'train', payload: { runId: run.id }, runId: run.id });
  const claimed = claimJob(db, { owner: 'w', kinds: ['train'], leaseMs: 60_000, now: Date.now() });
  lease = claimed?.lease as Lease;
});
afterEach(() => db.$client.close());

/** Reads messages until `count` have come. */
async function take(lastEventId: string | null, count: number): Promise<RunUpdates[]> {
  const stop = new AbortController();
  const messages: RunUpdates[] = [];
  const ctx = as(userIds.auditor);
  for await (const message of followRun(ctx, {
    runId: run.id,
    lastEventId,
    signal: stop.signal,
    pollMs: 5,
  })) {
    messages.push(message);
    if (messages.length === count) stop.abort();
  }
  return messages;
}
const stepsIn = (messages: RunUpdates[]) =>
  messages.flatMap((message) => message.metrics.filter((row) => row.name === 'loss').map((row) => row.step));

describe('following a run', () => {
  it('replays after the last id exactly what was not seen, nothing twice', async () => {
    for (const n of [1, 2, 3]) step(n);
    addRunEvent(as(userIds.researcher), { runId: run.id, type: 'started', payload: {} });
    const [first] = await take(null, 1);
    expect(stepsIn([first as RunUpdates])).toEqual([1, 2, 3]);
    expect(first?.events.map((event) => event.type)).toEqual(['started']);
    for (const n of [4, 5]) step(n);
    const again = await take(first?.id ?? null, 1);
    expect(stepsIn(again)).toEqual([4, 5]);
    expect(again[0]?.events).toEqual([]);
    expect(again[0]?.run).toMatchObject({ status: 'running', step: 5, totalSteps: 100 });
  });

  it('sends new rows as they come and ends with the run', async () => {
    step(1);
    const following = take(null, 1000);
    for (const n of [2, 3]) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      step(n);
    }
    db.update(runs).set({ status: 'succeeded' }).where(eq(runs.id, run.id)).run();
    const messages = await following;
    expect(stepsIn(messages)).toEqual([1, 2, 3]);
    expect(messages.at(-1)?.isComplete).toBe(true);
  });

  it('goes on from the charts that the page already has, with the events from the start', async () => {
    for (const n of [1, 2, 3]) step(n);
    addRunEvent(as(userIds.researcher), { runId: run.id, type: 'started', payload: {} });
    const { lastId } = readMetrics({ ctx: as(userIds.auditor), input: { runId: run.id, maxPoints: 100 } });
    step(4);
    const [message] = await take(followCursor({ metricId: lastId, eventId: 0 }), 1);
    expect(stepsIn([message as RunUpdates])).toEqual([4]);
    expect(message?.events).toHaveLength(1);
  });

  it('tells the remaining time from the wall-clock of the last steps', async () => {
    for (const n of [1, 2, 3]) step(n);
    const [message] = await take(null, 1);
    expect(message?.run.remainingSeconds).toBeCloseTo(0.5 * 97, 6);
  });

  it('is closed to strangers and annotators, and ends for a member who is removed', async () => {
    step(1);
    const read = async (userId: string) => {
      for await (const message of followRun(as(userId), { runId: run.id, signal: undefined, pollMs: 5 })) {
        if (message.metrics.length > 0) {
          removeMember({ ctx: as(userIds.owner), input: { projectId, userId } });
          step(2);
        }
      }
    };
    await expect(read('usr_stranger')).rejects.toThrow('No run run_1.');
    await expect(read(userIds.annotator)).rejects.toThrow(/annotator, which may not do this/);
    await expect(read(userIds.auditor)).rejects.toThrow('No run run_1.');
  });

  it.each(['ended session', 'revoked token', 'disabled person'])('ends within a second: %s', async (how) => {
    step(1);
    const userId = userIds.auditor;
    const input = { userId, address: 'unknown', userAgent: '' };
    const { sessionId } = beginSession({ ctx: as(userId), input });
    const token = createToken({ ctx: as(userId), input: { name: 't', scopes: ['read'] } });
    const actor = { type: 'user', userId, isInstanceOwner: false } as const;
    const ctx: Ctx = {
      ...as(userId),
      actor:
        how === 'revoked token'
          ? { ...actor, token: { id: token.id, scopes: ['read'] } }
          : { ...actor, sessionId },
    };
    let endedAt = 0;
    const reading = (async () => {
      for await (const _ of followRun(ctx, { runId: run.id, signal: undefined })) {
        endedAt = performance.now();
        if (how === 'ended session') endOwnSessions({ ctx, input: { sessionId } });
        else if (how === 'revoked token') revokeToken({ ctx: as(userId), input: { tokenId: token.id } });
        else {
          const owner = {
            ...as('usr_o'),
            actor: { type: 'user', userId: 'usr_o', isInstanceOwner: true } as const,
          };
          setDisabled({ ctx: owner, input: { userId, isDisabled: true } });
        }
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(performance.now() - endedAt).toBeLessThan(1000);
  });

  it('is looked for once, however many follow', async () => {
    step(1);
    const stop = new AbortController();
    setMaxListeners(50, stop.signal);
    const spy = vi.spyOn(db, 'transaction');
    const counts = Array.from({ length: 50 }, () => 0);
    const all = counts.map(async (_, i) => {
      const following = followRun(as(userIds.auditor), { runId: run.id, signal: stop.signal, pollMs: 20 });
      for await (const message of following) counts[i] = (counts[i] ?? 0) + message.metrics.length;
    });
    await sleep(300);
    // each has read once; nobody reads again while nothing happens
    expect(spy.mock.calls.length).toBe(50);
    step(2);
    await sleep(300);
    stop.abort();
    await Promise.all(all);
    expect(new Set(counts).size).toBe(1);
    expect(counts[0]).toBeGreaterThan(3);
  });

  it('is limited in number for one person, and comes free again', async () => {
    step(1);
    const caller = createCaller(as(userIds.auditor));
    const open = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const stream = (await caller.runs.follow({ projectId, runId: run.id }))[Symbol.asyncIterator]();
        await stream.next();
        return stream;
      }),
    );
    const next = async () => {
      const stream = (await caller.runs.follow({ projectId, runId: run.id }))[Symbol.asyncIterator]();
      await stream.next();
      await stream.return?.();
    };
    await expect(next()).rejects.toThrow(/8 pages .* at the same time/);
    await open[0]?.return?.();
    await next();
    for (const stream of open) await stream.return?.();
  });

  it('comes through the router as tracked messages', async () => {
    step(1);
    db.update(runs).set({ status: 'succeeded' }).where(eq(runs.id, run.id)).run();
    const messages = await createCaller(as(userIds.auditor)).runs.follow({ projectId, runId: run.id });
    const seen: unknown[] = [];
    for await (const message of messages) seen.push((message as unknown as [string])[0]);
    expect(seen).toEqual(['3.0.0']);
  });
});

describe('what is kept of a run', () => {
  it('merges steps into at most the wanted number of points, with the extremes', () => {
    for (let n = 1; n <= 100; n++) step(n);
    const exact = readMetrics({ ctx: as(userIds.auditor), input: { runId: run.id, maxPoints: 100 } });
    expect(exact.series.loss).toHaveLength(100);
    expect(exact.series.loss?.[9]).toEqual({ step: 10, value: 0.1, low: 0.1, high: 0.1 });
    const merged = readMetrics({ ctx: as(userIds.auditor), input: { runId: run.id, maxPoints: 10 } });
    expect(merged.stepsPerPoint).toBe(10);
    expect(merged.series.loss).toHaveLength(10);
    expect(merged.series.loss?.[0]).toMatchObject({ step: 10, low: 0.1, high: 1 });
    const mean = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].reduce((sum, n) => sum + 1 / n, 0) / 10;
    expect(merged.series.loss?.[0]?.value).toBeCloseTo(mean, 12);
  });

  it('keeps a NaN as a gap', () => {
    record({ type: 'step', step: 1, totalSteps: 2, metrics: { loss: Number.NaN }, seconds: {} });
    const { series } = readMetrics({ ctx: as(userIds.auditor), input: { runId: run.id, maxPoints: 10 } });
    expect(series.loss?.[0]?.value).toBeNull();
  });

  it('writes nothing for a worker that lost its lease', () => {
    lease = { ...lease, attempt: 9 };
    expect(step(1)).toBeNull();
    const { lastId } = readMetrics({ ctx: as(userIds.auditor), input: { runId: run.id, maxPoints: 10 } });
    expect(lastId).toBe(0);
  });

  it('drops what was logged past the checkpoint that a run goes on from', () => {
    for (const n of [1, 2, 3, 4]) step(n);
    rewindRun(as(userIds.researcher), run.id, 2);
    const { series } = readMetrics({ ctx: as(userIds.auditor), input: { runId: run.id, maxPoints: 10 } });
    expect(series.loss?.map((point) => point.step)).toEqual([1, 2]);
    expect(db.select().from(runs).get()?.step).toBe(2);
  });
});

describe('what a run is at before its first step', () => {
  const reading = (done: number) =>
    record({ type: 'progress', step: 0, phase: 'reference', done, total: 400, seconds: done / 10 });
  const caller = () => createCaller(as(userIds.auditor));

  it('is told with the time that is left, in one place that is overwritten, and goes with the next step', async () => {
    reading(100);
    reading(300);
    const phase = { phase: 'reference', done: 300, total: 400, remainingSeconds: 10 };
    expect(await caller().runs.get({ projectId, runId: run.id })).toMatchObject({ phase });
    expect((await caller().runs.list({ projectId })).items[0]).toMatchObject({ phase });
    const [message] = await take(null, 1);
    expect(message?.run.phase).toEqual(phase);
    expect(message?.events).toEqual([]);
    expect(await caller().runs.events({ projectId, runId: run.id })).toEqual([]);
    step(1);
    expect((await take(null, 1))[0]?.run.phase).toBeNull();
  });

  it('is not told of a run that waits, and begins anew when it is taken up again', async () => {
    reading(100);
    db.update(runs).set({ status: 'queued' }).where(eq(runs.id, run.id)).run();
    expect((await take(null, 1))[0]?.run.phase).toBeNull();
    db.update(runs).set({ status: 'running' }).where(eq(runs.id, run.id)).run();
    rewindRun(as(userIds.researcher), run.id, 0);
    expect((await take(null, 1))[0]?.run.phase).toBeNull();
  });
});
