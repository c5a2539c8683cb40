import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { seats } from '../../db/schema/tasks.ts';
import { claimTask } from './claim.ts';
import { hashLeaseToken } from './lease-token.ts';
import { reclaimSeat } from './reclaim.ts';
import { releaseLease } from './release.ts';
import { releaseLeases } from './release-all.ts';
import { renewLease } from './renew.ts';
import { MAX_LIVE_LEASES } from './schemas.ts';
import { skipTask } from './skip.ts';
import { createLabelingWorld, type LabelingWorld } from './testing.ts';

const MINUTE = 60_000;

function claim(world: LabelingWorld, userId: string, holding?: string[]) {
  return claimTask({ ctx: world.as(userId), input: { projectId: world.projectId, holding } });
}

function mustClaim(world: LabelingWorld, userId: string, holding?: string[]) {
  const { task } = claim(world, userId, holding);
  if (!task) throw new Error('expected a task');
  return { ...task, lease: { projectId: world.projectId, seatId: task.seatId, leaseToken: task.leaseToken } };
}

describe('claimTask', () => {
  it('hands out highest priority first, then the oldest, each seat once', () => {
    const world = createLabelingWorld();
    const first = world.addTask();
    world.advance(1);
    const second = world.addTask();
    world.advance(1);
    const urgent = world.addTask({ priority: 5 });
    const people = [world.addAnnotator(), world.addAnnotator(), world.addAnnotator(), world.addAnnotator()];
    const given = people.map((person) => claim(world, person).task?.taskId ?? null);
    expect(given).toEqual([urgent.taskId, first.taskId, second.taskId, null]);
  });

  it('prefers an expired lease of higher priority to an open seat', () => {
    const world = createLabelingWorld();
    const urgent = world.addTask({ priority: 1 });
    const [a, b] = [world.addAnnotator(), world.addAnnotator()];
    expect(mustClaim(world, a).taskId).toBe(urgent.taskId);
    world.addTask();
    world.advance(15 * MINUTE);
    expect(mustClaim(world, b).taskId).toBe(urgent.taskId);
  });

  it('keeps the order shown when an expired seat comes back to the same person, and not for others', () => {
    const world = createLabelingWorld();
    world.addTask({ numResponses: 9 });
    const [a, b] = [world.addAnnotator(), world.addAnnotator()];
    const order = (task: { responses: { id: string }[] }) => task.responses.map((response) => response.id);
    const first = mustClaim(world, a);
    world.advance(15 * MINUTE);
    const again = mustClaim(world, a);
    expect(order(again)).toEqual(order(first));
    expect(again.leaseToken).not.toBe(first.leaseToken);
    world.advance(15 * MINUTE);
    // equal by chance once in 9! = 362,880
    expect(order(mustClaim(world, b))).not.toEqual(order(first));
  });

  it('keeps only the hash of the token and tells nothing about where responses come from', () => {
    const world = createLabelingWorld();
    world.addTask();
    const task = mustClaim(world, world.userIds.annotator);
    const seat = world.db.select().from(seats).where(eq(seats.id, task.seatId)).get();
    expect(seat?.leaseTokenHash).toBe(hashLeaseToken(task.leaseToken));
    expect(Buffer.from(task.leaseToken, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(seat)).not.toContain(task.leaseToken);
    expect(Object.keys(task.responses[0] ?? {})).toEqual(['id', 'content']);
    expect(task.leaseExpiresAt - task.leasedAt).toBe(15 * MINUTE);
  });

  it('shows responses in a random order of which each is equally likely, and stores it', () => {
    const world = createLabelingWorld();
    const { responseIds } = world.addTask({ numResponses: 3 });
    const counts = new Map<string, number>();
    const NUM = 600;
    for (let i = 0; i < NUM; i++) {
      const person = world.addAnnotator();
      const task = mustClaim(world, person);
      const shown = task.responses.map((response) => response.id);
      const seat = world.db.select().from(seats).where(eq(seats.id, task.seatId)).get();
      expect(seat?.shownOrder).toEqual(shown);
      const order = shown.map((id) => responseIds.indexOf(id)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
      releaseLease({ ctx: world.as(person), input: task.lease });
    }
    expect([...counts.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    // 100 expected of each; sd 9.1; 45 away from it has odds of 1 in a million for one order
    for (const count of counts.values()) expect(Math.abs(count - NUM / 6)).toBeLessThan(45);
  });

  it('never gives one person two seats of a task, and fills all seats of it with different people', () => {
    const world = createLabelingWorld();
    world.addTask({ overlap: 3 });
    const a = world.userIds.annotator;
    mustClaim(world, a);
    expect(claim(world, a).task).toBeNull();
    expect(mustClaim(world, world.addAnnotator()).taskId).toBeTruthy();
    expect(mustClaim(world, world.addAnnotator()).taskId).toBeTruthy();
    expect(claim(world, world.addAnnotator()).task).toBeNull();
  });

  it('gives a claim beyond the limit the live lease that ends first, with a fresh token and the same order', () => {
    const world = createLabelingWorld();
    for (let i = 0; i <= MAX_LIVE_LEASES; i++) world.addTask({ numResponses: 6 });
    const a = world.userIds.annotator;
    const held = Array.from({ length: MAX_LIVE_LEASES }, () => {
      world.advance(1000);
      return mustClaim(world, a);
    });
    expect(new Set(held.map((task) => task.seatId)).size).toBe(MAX_LIVE_LEASES);
    const [current] = held as [(typeof held)[number]];
    world.advance(MINUTE);
    const again = mustClaim(world, a);
    expect(again.seatId).toBe(current.seatId);
    expect(again.responses).toEqual(current.responses);
    expect(() => renewLease({ ctx: world.as(a), input: current.lease })).toThrow(/token/);
    renewLease({ ctx: world.as(a), input: again.lease });
    // a page that lost them all gets the next one
    expect(mustClaim(world, a).seatId).toBe(held[1]?.seatId);
    // and one that names them all gets nothing more
    const holding = held.map((task) => task.seatId);
    expect(claim(world, a, holding).task).toBeNull();
  });

  it('says which emptiness it is', () => {
    const world = createLabelingWorld();
    const [a, b] = [world.addAnnotator(), world.addAnnotator()];
    expect(claim(world, a).nothingOpen).toBe('no-tasks');
    world.addTask();
    const held = mustClaim(world, b);
    expect(claim(world, a).nothingOpen).toBe('held');
    // one's own lease is not somebody else's
    expect(claim(world, b, [held.seatId])).toMatchObject({ task: null, nothingOpen: 'all-judged' });
    world.db.update(seats).set({ state: 'done' }).where(eq(seats.id, held.seatId)).run();
    expect(claim(world, a).nothingOpen).toBe('all-judged');
    // what one skipped or holds a seat of does not come back to one
    const { taskId } = world.addTask({ overlap: 2 });
    const skipped = mustClaim(world, a);
    expect(skipped.taskId).toBe(taskId);
    skipTask({ ctx: world.as(a), input: { ...skipped.lease, reason: '' } });
    mustClaim(world, b);
    expect(claim(world, a).nothingOpen).toBe('all-judged');
  });

  it('hands forgotten leases back first to a page that names what it holds', () => {
    const world = createLabelingWorld();
    for (let i = 0; i < 2; i++) world.addTask();
    const a = world.userIds.annotator;
    const first = mustClaim(world, a, []);
    expect(mustClaim(world, a, []).seatId).toBe(first.seatId);
    const second = mustClaim(world, a, [first.seatId]);
    expect(second.seatId).not.toBe(first.seatId);
    expect(claim(world, a, [first.seatId, second.seatId]).task).toBeNull();
  });

  it('counts what this person has done and may still do', () => {
    const world = createLabelingWorld();
    for (let i = 0; i < 3; i++) world.addTask({ overlap: 2 });
    const a = world.userIds.annotator;
    expect(claim(world, a).progress).toEqual({ mine: 0, openForMe: 2 });
    expect(claim(world, world.addAnnotator()).progress).toEqual({ mine: 0, openForMe: 2 });
  });
});

describe('leases', () => {
  it('end: the seat goes to the next person, and the late one cannot act any more', () => {
    const world = createLabelingWorld();
    world.addTask();
    const [a, b] = [world.addAnnotator(), world.addAnnotator()];
    const late = mustClaim(world, a);
    expect(claim(world, b).task).toBeNull();
    world.advance(15 * MINUTE);
    expect(() => renewLease({ ctx: world.as(a), input: late.lease })).toThrow(
      /ran out.*claim the seat again/i,
    );
    expect(mustClaim(world, b).seatId).toBe(late.seatId);
    expect(() => reclaimSeat({ ctx: world.as(a), input: late.lease })).toThrow(/taken by somebody else/);
  });

  it('can be reclaimed while nobody took the seat, in the same order', () => {
    const world = createLabelingWorld();
    world.addTask({ numResponses: 9 });
    const a = world.userIds.annotator;
    const late = mustClaim(world, a);
    world.advance(60 * MINUTE);
    const { task } = reclaimSeat({ ctx: world.as(a), input: late.lease });
    expect(task.responses).toEqual(late.responses);
    expect(task.leasedAt).toBe(late.leasedAt);
    expect(() => renewLease({ ctx: world.as(a), input: late.lease })).toThrow(/token/);
    renewLease({ ctx: world.as(a), input: { ...late.lease, leaseToken: task.leaseToken } });
  });

  it('go back several at once, those that the tokens still prove', () => {
    const world = createLabelingWorld();
    for (let i = 0; i < 4; i++) world.addTask();
    const [a, b] = [world.userIds.annotator, world.addAnnotator()];
    const held = Array.from({ length: 3 }, () => mustClaim(world, a));
    const [kept, renewed, plain] = held as [(typeof held)[0], (typeof held)[0], (typeof held)[0]];
    const foreign = mustClaim(world, b);
    reclaimSeat({ ctx: world.as(a), input: renewed.lease });
    const leases = [renewed, plain, foreign].map(({ seatId, leaseToken }) => ({ seatId, leaseToken }));
    const input = { projectId: world.projectId, leases };
    expect(releaseLeases({ ctx: world.as(a), input })).toEqual({ released: 1 });
    const states = world.db.select().from(seats).all();
    const stateOf = (seatId: string) => states.find((seat) => seat.id === seatId);
    expect([kept, renewed, foreign].map(({ seatId }) => stateOf(seatId)?.state)).toEqual([
      'leased',
      'leased',
      'leased',
    ]);
    expect(stateOf(plain.seatId)).toMatchObject({ state: 'open', annotatorId: null, shownOrder: null });
    expect(releaseLeases({ ctx: world.as(a), input })).toEqual({ released: 0 });
  });

  it('are renewed by a full lease time', () => {
    const world = createLabelingWorld();
    world.addTask();
    const task = mustClaim(world, world.userIds.annotator);
    world.advance(10 * MINUTE);
    const renewed = renewLease({ ctx: world.as(world.userIds.annotator), input: task.lease });
    expect(renewed.leaseExpiresAt - task.leasedAt).toBe(25 * MINUTE);
  });

  it('are refused to forged tokens and to other people with the right token', () => {
    const world = createLabelingWorld();
    world.addTask();
    const task = mustClaim(world, world.userIds.annotator);
    const forged = { ...task.lease, leaseToken: 'A'.repeat(43) };
    expect(() => releaseLease({ ctx: world.as(world.userIds.annotator), input: forged })).toThrow(/token/);
    const other = world.as(world.addAnnotator());
    expect(() => releaseLease({ ctx: other, input: task.lease })).toThrow(/not leased to you/);
    expect(() => reclaimSeat({ ctx: other, input: task.lease })).toThrow(/taken by somebody else/);
    const elsewhere = createLabelingWorld(world.db);
    expect(() =>
      releaseLease({
        ctx: world.as(world.userIds.annotator),
        input: { ...task.lease, projectId: elsewhere.projectId },
      }),
    ).toThrow(/No seat/);
  });

  it('given up by a skip are for others only', () => {
    const world = createLabelingWorld();
    world.addTask({ overlap: 2 });
    const a = world.userIds.annotator;
    const task = mustClaim(world, a);
    skipTask({ ctx: world.as(a), input: { ...task.lease, reason: 'unclear' } });
    expect(claim(world, a)).toEqual({
      task: null,
      nothingOpen: 'all-judged',
      progress: { mine: 0, openForMe: 0 },
    });
    expect(mustClaim(world, world.addAnnotator()).taskId).toBe(task.taskId);
  });
});
