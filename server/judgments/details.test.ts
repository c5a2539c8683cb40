import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { seats } from '../../db/schema/tasks.ts';
import type { Role } from '../../lib/roles.ts';
import { addThreeJudgments } from '../audit/testing.ts';
import { createCaller } from '../root.ts';
import { createLabelingWorld, type LabelingWorld } from '../tasks/testing.ts';

let world: LabelingWorld;
beforeEach(() => {
  world = createLabelingWorld();
  addThreeJudgments(world);
});
const as = (role: Role) => createCaller(world.as(world.userIds[role]));
const firstJudgment = () => world.db.select().from(judgments).all()[0] as typeof judgments.$inferSelect;

describe('a judgment in full', () => {
  it('shows what was shown and said, its revisions, and its records to those who may read the log', async () => {
    const { projectId } = world;
    const row = firstJudgment();
    world.advance(1000);
    const revised = await as('annotator').judgments.revise({
      projectId,
      judgmentId: row.id,
      idempotencyKey: 'revision-1',
      ranking: [[...row.shownOrder]],
      strength: 0,
      tieKind: 'equal',
      notRankable: false,
      flags: {},
      rationale: '',
      firstInteractionAt: null,
      activeMs: 5,
      inputKind: 'keyboard',
    });
    const detail = await as('auditor').judgments.get({ projectId, judgmentId: row.id });
    expect(detail.responses.map((response) => response.responseId)).toEqual(row.shownOrder);
    expect(detail).toMatchObject({ strength: -1, rationale: 'because', snapshots: [] });
    expect(detail.revisions.map((revision) => revision.judgmentId)).toEqual([row.id, revised.judgmentId]);
    expect(detail.audit?.map((record) => record.action)).toEqual(['judgments.record', 'judgments.revise']);
    expect(detail.audit?.[0]?.hash).toBe(row.eventHash);
    expect(detail).not.toHaveProperty('idempotencyKey');
    expect((await as('researcher').judgments.get({ projectId, judgmentId: row.id })).audit).toBeNull();
    const { items } = await as('researcher').judgments.list({ projectId });
    expect(items.map((item) => [item.revision, item.isLatest])).toEqual([
      [2, true],
      [1, true],
      [1, true],
      [1, false],
    ]);
  });

  it('is not for annotators, nor for other projects, and names people to owners only', async () => {
    const { projectId, userIds } = world;
    const { id: judgmentId } = firstJudgment();
    await expect(as('annotator').judgments.get({ projectId, judgmentId })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    const elsewhere = createLabelingWorld(world.db);
    await expect(
      createCaller(elsewhere.as(elsewhere.userIds.owner)).judgments.get({
        projectId: elsewhere.projectId,
        judgmentId,
      }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const members = await as('owner').projects.members({ projectId });
    const { name, pseudonym } = members.find((member) => member.userId === userIds.annotator) ?? {};
    const label = async (role: Role) =>
      (await as(role).judgments.get({ projectId, judgmentId })).person.label;
    expect(await label('owner')).toBe(`${name} (${pseudonym})`);
    expect(await label('auditor')).toBe(pseudonym);
  });

  it('is read by an auditor on the record', async () => {
    const { projectId, userIds } = world;
    await as('auditor').judgments.get({ projectId, judgmentId: firstJudgment().id });
    const reads = world.db.select().from(auditLog).where(eq(auditLog.action, 'audit.read')).all();
    expect(reads).toMatchObject([
      { actor: `user:${userIds.auditor}`, payload: '{"procedure":"judgments.get"}' },
    ]);
  });
});

describe('lists of judgments', () => {
  it('page without gaps, of everybody and of one person', async () => {
    const { projectId, userIds } = world;
    const all = await as('researcher').judgments.list({ projectId });
    const first = await as('researcher').judgments.list({ projectId, limit: 2 });
    const second = await as('researcher').judgments.list({ projectId, limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...second.items]).toEqual(all.items);
    expect(second.nextCursor).toBeNull();
    const own = await as('researcher').judgments.list({ projectId, userId: userIds.annotator });
    expect(own.items).toHaveLength(3);
    const none = await as('researcher').judgments.list({ projectId, userId: userIds.owner });
    expect(none.items).toEqual([]);
  });
});

describe('a task in full', () => {
  it('says of each seat who has it, and calls one whose lease ran out open', async () => {
    const { projectId, userIds } = world;
    const { taskId } = world.addTask({ overlap: 2 });
    const task = () => as('researcher').tasks.get({ projectId, taskId });
    await as('annotator').tasks.claim({ projectId });
    expect((await task()).seats.map((seat) => [seat.state, seat.person?.userId]).sort()).toEqual([
      ['leased', userIds.annotator],
      ['open', undefined],
    ]);
    world.advance(60 * 60_000);
    expect((await task()).seats.map((seat) => [seat.state, seat.person])).toEqual([
      ['open', null],
      ['open', null],
    ]);
    const judged = firstJudgment();
    const done = await as('researcher').tasks.get({ projectId, taskId: judged.taskId });
    expect(done.seats[0]).toMatchObject({ state: 'done', person: { userId: userIds.annotator } });
    expect(done.judgments.map((row) => row.judgmentId)).toEqual([judged.id]);
  });
});

describe('a person', () => {
  it('has figures of their own judgments, and agreement only where somebody else decided the same', async () => {
    const { projectId, userIds } = world;
    const person = () => as('researcher').judgments.person({ projectId, userId: userIds.annotator });
    expect(await person()).toMatchObject({
      numJudged: 3,
      numMeasured: 3,
      medianActiveMs: 1200,
      numCorrected: 0,
      flags: { untrue: 3 },
      agreement: null,
    });
    // two others judge the first task too: one alike, one the other way round
    const row = firstJudgment();
    for (const [index, ranking] of [row.ranking, [...row.ranking].reverse()].entries()) {
      const other = { ...row, id: `jdg_other${index}`, annotatorId: world.addAnnotator(), ranking };
      world.db
        .insert(judgments)
        .values({ ...other, idempotencyKey: `other-${index}` })
        .run();
    }
    expect((await person()).agreement).toEqual({ same: 1, of: 2 });
    const stranger = createLabelingWorld(world.db).userIds.annotator;
    await expect(as('researcher').judgments.person({ projectId, userId: stranger })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(world.db.select().from(seats).all().length).toBeGreaterThan(0);
  });
});
