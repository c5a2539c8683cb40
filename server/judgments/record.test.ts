import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { digestOfLines } from '../../db/audit/append-record.ts';
import { rowDigest } from '../../db/audit/row-digest.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { auditRows } from '../../db/schema/audit-rows.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { guidelines, projects } from '../../db/schema/projects.ts';
import { seats } from '../../db/schema/tasks.ts';
import { users } from '../../db/schema/users.ts';
import { createCaller } from '../root.ts';
import { claimTask } from '../tasks/claim.ts';
import { reclaimSeat } from '../tasks/reclaim.ts';
import { createLabelingWorld, type LabelingWorld } from '../tasks/testing.ts';
import { getOwnJudgmentDetail } from './get-mine.ts';
import { listOwnJudgments } from './mine.ts';
import { recordJudgment } from './record.ts';
import { reviseJudgment } from './revise.ts';
import type { RecordInput } from './schemas.ts';

const MINUTE = 60_000;
let serial = 0;

/** Claims the next task for a person and prepares the answer "first shown is slightly better". */
function claimAndAnswer(world: LabelingWorld, userId: string = world.userIds.annotator) {
  const { task } = claimTask({ ctx: world.as(userId), input: { projectId: world.projectId } });
  if (!task) throw new Error('expected a task');
  serial += 1;
  const input: RecordInput = {
    projectId: world.projectId,
    seatId: task.seatId,
    leaseToken: task.leaseToken,
    idempotencyKey: `key-of-answer-${serial}`,
    ranking: task.responses.map((response) => [response.id]),
    strength: task.numPlaces === 2 ? -1 : null,
    tieKind: 'none',
    notRankable: false,
    flags: {},
    rationale: '',
    firstInteractionAt: task.leasedAt + 500,
    activeMs: 4000,
    inputKind: 'keyboard',
  };
  return { task, input, shown: task.responses.map((response) => response.id) };
}

const allJudgments = (world: LabelingWorld) => world.db.select().from(judgments).all();
const allEvents = (world: LabelingWorld, action: string) =>
  world.db.select().from(auditLog).where(eq(auditLog.action, action)).all();

describe('recordJudgment', () => {
  it('keeps the answer as given with its order, times and guideline version, and closes the seat', () => {
    const world = createLabelingWorld();
    world.addTask();
    const { projectId } = world;
    const createdBy = world.userIds.owner;
    const rule = { projectId, createdBy, text: 'Be kind.' };
    const start = world.as(createdBy).now();
    world.db
      .insert(guidelines)
      .values({ ...rule, version: 1, createdAt: start - 1 })
      .run();
    const { input, task, shown } = claimAndAnswer(world);
    expect(task.guidelineVersion).toBe(1);
    world.advance(MINUTE);
    // written after the task was shown: this answer was made under version 1
    world.db
      .insert(guidelines)
      .values({ ...rule, version: 2, createdAt: start + 1000 })
      .run();
    const xss = '<script>alert(1)</script> ![x](javascript:alert(1)) \u202e"\'';
    const flags = { [shown[1] as string]: ['untrue' as const] };
    const receipt = recordJudgment({
      ctx: world.as(world.userIds.annotator),
      input: { ...input, rationale: xss, flags },
    });
    const [row] = allJudgments(world);
    expect(row).toMatchObject({
      id: receipt.judgmentId,
      taskId: task.taskId,
      source: 'annotator',
      revision: 1,
      ranking: [[shown[0]], [shown[1]]],
      strength: -1,
      rationale: xss,
      flags,
      shownOrder: shown,
      guidelineVersion: 1,
      leasedAt: task.leasedAt,
      submittedAt: task.leasedAt + MINUTE,
      activeMs: 4000,
    });
    const seat = world.db.select().from(seats).where(eq(seats.id, task.seatId)).get();
    expect(seat).toMatchObject({ state: 'done', leaseTokenHash: null, annotatorId: world.userIds.annotator });
  });

  it('writes one audit event that the row points at and whose digest covers every field', () => {
    const world = createLabelingWorld();
    world.addTask();
    const { input } = claimAndAnswer(world);
    recordJudgment({ ctx: world.as(world.userIds.annotator), input });
    const events = allEvents(world, 'judgments.record');
    const [row] = allJudgments(world);
    if (!row) throw new Error('expected a judgment');
    expect(events).toHaveLength(1);
    expect(row.eventHash).toBe(events[0]?.hash);
    const { db } = world;
    const { count, digest } = digestOfLines(db.$client, events[0]?.seq ?? 0);
    expect(JSON.parse(events[0]?.payload ?? '')).toMatchObject({ recorded: { count, digest } });
    const line = db.select().from(auditRows).where(eq(auditRows.rowKey, row.id)).get();
    const now = () => rowDigest(db.$client, 'judgments', row.id, line?.salt ?? Buffer.alloc(0));
    expect(line?.digest).toEqual(now());
    db.update(judgments).set({ rationale: 'x' }).run();
    expect(line?.digest).not.toEqual(now());
  });

  it('answers a replayed submit with the first receipt and writes nothing', () => {
    const world = createLabelingWorld();
    world.addTask();
    const { input } = claimAndAnswer(world);
    const ctx = world.as(world.userIds.annotator);
    const first = recordJudgment({ ctx, input });
    world.advance(60 * MINUTE);
    expect(recordJudgment({ ctx, input: { ...input, activeMs: 9999 } })).toEqual(first);
    expect(allJudgments(world)).toHaveLength(1);
    expect(allEvents(world, 'judgments.record')).toHaveLength(1);
  });

  it('refuses a used key with another answer, from another person, or for another task', () => {
    const world = createLabelingWorld();
    world.addTask({ overlap: 2 });
    world.addTask({ overlap: 2 });
    const { input, shown } = claimAndAnswer(world);
    const ctx = world.as(world.userIds.annotator);
    recordJudgment({ ctx, input });
    const turned = { ...input, ranking: [[shown[1] as string], [shown[0] as string]], strength: 1 };
    expect(() => recordJudgment({ ctx, input: turned })).toThrow(/idempotencyKey/);
    const other = world.addAnnotator();
    expect(() => recordJudgment({ ctx: world.as(other), input })).toThrow(/idempotencyKey/);
    const next = claimAndAnswer(world);
    expect(() =>
      recordJudgment({ ctx, input: { ...next.input, idempotencyKey: input.idempotencyKey } }),
    ).toThrow(/idempotencyKey/);
    expect(allJudgments(world)).toHaveLength(1);
  });

  it('refuses a second answer to the same task under a new key', () => {
    const world = createLabelingWorld();
    world.addTask();
    const { input } = claimAndAnswer(world);
    const ctx = world.as(world.userIds.annotator);
    recordJudgment({ ctx, input });
    expect(() => recordJudgment({ ctx, input: { ...input, idempotencyKey: 'another-key' } })).toThrow(
      /already judged/,
    );
  });

  it('refuses a late answer without losing anything: reclaimed, the same answer goes in', () => {
    const world = createLabelingWorld();
    world.addTask();
    const { input, task } = claimAndAnswer(world);
    const ctx = world.as(world.userIds.annotator);
    world.advance(15 * MINUTE);
    expect(() => recordJudgment({ ctx, input })).toThrow(
      expect.objectContaining({ code: 'expired', message: expect.stringMatching(/claim the seat again/) }),
    );
    expect(allJudgments(world)).toHaveLength(0);
    const { task: again } = reclaimSeat({ ctx, input });
    recordJudgment({ ctx, input: { ...input, leaseToken: again.leaseToken } });
    expect(allJudgments(world)[0]).toMatchObject({ strength: -1, leasedAt: task.leasedAt });
  });

  it('refuses a forged token, and a late answer whose seat has passed on', () => {
    const world = createLabelingWorld();
    world.addTask();
    const { input } = claimAndAnswer(world);
    const ctx = world.as(world.userIds.annotator);
    expect(() => recordJudgment({ ctx, input: { ...input, leaseToken: 'B'.repeat(43) } })).toThrow(/token/);
    world.advance(15 * MINUTE);
    const taken = claimAndAnswer(world, world.addAnnotator());
    expect(taken.input.seatId).toBe(input.seatId);
    expect(() => recordJudgment({ ctx, input })).toThrow(/somebody else/);
    expect(allJudgments(world)).toHaveLength(0);
  });

  it('refuses an answer that does not fit and keeps the lease', () => {
    const world = createLabelingWorld();
    world.addTask();
    const { input } = claimAndAnswer(world);
    const ctx = world.as(world.userIds.annotator);
    expect(() => recordJudgment({ ctx, input: { ...input, strength: 2 } })).toThrow(/strength/);
    expect(recordJudgment({ ctx, input }).revision).toBe(1);
  });

  it('marks what a simulated annotator says', () => {
    const world = createLabelingWorld();
    world.addTask();
    const robot = world.addAnnotator();
    world.db.update(users).set({ isSimulated: true }).where(eq(users.id, robot)).run();
    const { input } = claimAndAnswer(world, robot);
    recordJudgment({ ctx: world.as(robot), input });
    expect(allJudgments(world)[0]?.source).toBe('simulated');
  });

  it('asks for a rationale where the project does', () => {
    const world = createLabelingWorld();
    world.addTask();
    const project = world.db.select().from(projects).where(eq(projects.id, world.projectId)).get();
    if (!project) throw new Error('expected the project');
    world.db
      .update(projects)
      .set({ settings: { ...project.settings, requireRationale: true } })
      .where(eq(projects.id, world.projectId))
      .run();
    const { input } = claimAndAnswer(world);
    const ctx = world.as(world.userIds.annotator);
    expect(() => recordJudgment({ ctx, input })).toThrow(/rationale/);
  });

  it('is closed to auditors and strangers over tRPC, and says where input is wrong', async () => {
    const world = createLabelingWorld();
    world.addTask();
    const { input } = claimAndAnswer(world);
    const auditor = createCaller(world.as(world.userIds.auditor));
    await expect(auditor.judgments.record(input)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(auditor.tasks.claim({ projectId: world.projectId })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    const stranger = createCaller(createLabelingWorld(world.db).as('usr_stranger'));
    await expect(stranger.judgments.record(input)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const annotator = createCaller(world.as(world.userIds.annotator));
    await expect(annotator.judgments.record({ ...input, strength: 7 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('strength'),
    });
    expect(allJudgments(world)).toHaveLength(0);
  });
});

describe('reviseJudgment', () => {
  it('appends the next revision and leaves the first as it was', () => {
    const world = createLabelingWorld();
    world.addTask();
    const { input, shown } = claimAndAnswer(world);
    const ctx = world.as(world.userIds.annotator);
    const first = recordJudgment({ ctx, input });
    world.advance(MINUTE);
    const change = {
      ...input,
      judgmentId: first.judgmentId,
      idempotencyKey: 'key-of-revision',
      ranking: [[shown[1] as string], [shown[0] as string]],
      strength: 3,
    };
    const second = reviseJudgment({ ctx, input: change });
    expect(second.revision).toBe(2);
    expect(reviseJudgment({ ctx, input: change })).toEqual(second);
    expect(allJudgments(world).map((row) => [row.revision, row.strength])).toEqual([
      [1, -1],
      [2, 3],
    ]);
    expect(allEvents(world, 'judgments.revise')).toHaveLength(1);
    expect(() =>
      reviseJudgment({ ctx, input: { ...change, idempotencyKey: 'key-of-third', strength: 2 } }),
    ).toThrow(/revision 2 is the latest/);
    const detail = getOwnJudgmentDetail({
      ctx,
      input: { projectId: world.projectId, judgmentId: first.judgmentId },
    });
    expect(detail).toMatchObject({ judgmentId: second.judgmentId, revision: 2, strength: 3 });
    expect(detail.responses.map((response) => response.id)).toEqual(shown);
    // a page whose answer was refused knows only the task
    const { taskId } = detail;
    const byTask = getOwnJudgmentDetail({ ctx, input: { projectId: world.projectId, taskId } });
    expect(byTask).toEqual(detail);
  });

  it('is for one own judgments only', () => {
    const world = createLabelingWorld();
    world.addTask();
    const { input } = claimAndAnswer(world);
    const { judgmentId } = recordJudgment({ ctx: world.as(world.userIds.annotator), input });
    const owner = world.as(world.userIds.owner);
    expect(() => reviseJudgment({ ctx: owner, input: { ...input, judgmentId } })).toThrow(/no judgment/);
    expect(() =>
      getOwnJudgmentDetail({ ctx: owner, input: { projectId: world.projectId, judgmentId } }),
    ).toThrow(/no judgment/);
    const [row] = allJudgments(world);
    const byTask = { projectId: world.projectId, taskId: row?.taskId ?? '' };
    expect(() => getOwnJudgmentDetail({ ctx: owner, input: byTask })).toThrow(/no judgment of task/);
  });
});

describe('listOwnJudgments', () => {
  it('pages through the latest revisions, newest first, and shows nobody else', () => {
    const world = createLabelingWorld();
    const ctx = world.as(world.userIds.annotator);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      world.addTask();
      world.advance(1);
      const { input } = claimAndAnswer(world);
      const { judgmentId } = recordJudgment({ ctx, input });
      if (i === 2) {
        world.advance(1);
        ids.push(
          reviseJudgment({ ctx, input: { ...input, judgmentId, idempotencyKey: 'changed-key' } }).judgmentId,
        );
      } else ids.push(judgmentId);
    }
    const { projectId } = world;
    const page1 = listOwnJudgments({ ctx, input: { projectId, limit: 3 } });
    const page2 = listOwnJudgments({ ctx, input: { projectId, limit: 3, cursor: page1.nextCursor } });
    expect([...page1.items, ...page2.items].map((item) => item.judgmentId)).toEqual(ids.reverse());
    expect(page2.nextCursor).toBeNull();
    expect(page1.items[0]).toMatchObject({ promptExcerpt: 'Question 5', placing: [[1], [2]], strength: -1 });
    const other = world.as(world.userIds.researcher);
    expect(listOwnJudgments({ ctx: other, input: { projectId, limit: 3 } }).items).toEqual([]);
  });
});
