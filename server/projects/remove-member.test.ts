import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { memberships } from '../../db/schema/projects.ts';
import { seats } from '../../db/schema/tasks.ts';
import { addThreeJudgments } from '../audit/testing.ts';
import { createCaller } from '../root.ts';
import { claimTask } from '../tasks/claim.ts';
import { createLabelingWorld } from '../tasks/testing.ts';
import { acceptInvite } from '../users/accept-invite.ts';
import { changeRole } from './change-role.ts';
import { createInvite } from './create-invite.ts';
import { listProjects } from './list.ts';
import { listMembers } from './list-members.ts';
import { removeMember } from './remove-member.ts';

describe('removeMember', () => {
  it('takes the rights and the leases, and leaves judgments and pseudonym, which come back with the person', async () => {
    const world = createLabelingWorld();
    const { db, projectId, userIds, as } = world;
    addThreeJudgments(world);
    world.addTask();
    const annotator = as(userIds.annotator);
    const { task } = claimTask({ ctx: annotator, input: { projectId } });
    expect(task).not.toBeNull();
    const pseudonymOf = () =>
      db.select().from(memberships).where(eq(memberships.userId, userIds.annotator)).get()?.pseudonym;
    const pseudonym = pseudonymOf();

    removeMember({ ctx: as(userIds.owner), input: { projectId, userId: userIds.annotator } });
    await expect(createCaller(annotator).tasks.claim({ projectId })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(listProjects({ ctx: annotator })).toEqual([]);
    expect(
      listMembers({ ctx: as(userIds.owner), input: { projectId } }).map(({ userId }) => userId),
    ).not.toContain(userIds.annotator);
    expect(db.select().from(seats).where(eq(seats.state, 'leased')).all()).toEqual([]);
    expect(
      db.select().from(judgments).where(eq(judgments.annotatorId, userIds.annotator)).all(),
    ).toHaveLength(3);
    const event = db.select().from(auditLog).where(eq(auditLog.action, 'projects.removeMember')).get();
    expect(JSON.parse(event?.payload ?? '')).toMatchObject({ role: 'annotator', pseudonym, leases: 1 });
    expect(() =>
      removeMember({ ctx: as(userIds.owner), input: { projectId, userId: userIds.annotator } }),
    ).toThrow(/No member/);

    const { token } = createInvite({ ctx: as(userIds.owner), input: { projectId, role: 'researcher' } });
    await acceptInvite({ ctx: annotator, input: { token } });
    expect(pseudonymOf()).toBe(pseudonym);
    expect(listProjects({ ctx: annotator })).toMatchObject([{ role: 'researcher' }]);
  });

  it('never leaves a project without an owner, counting removed ones as none', () => {
    const { projectId, userIds, as } = createLabelingWorld();
    const remove = (by: string, userId: string) =>
      removeMember({ ctx: as(by), input: { projectId, userId } });
    expect(() => remove(userIds.owner, userIds.owner)).toThrow(/needs an owner/);
    const input = { projectId, userId: userIds.researcher, role: 'owner' as const };
    changeRole({ ctx: as(userIds.owner), input });
    remove(userIds.owner, userIds.owner);
    expect(() => remove(userIds.researcher, userIds.researcher)).toThrow(/needs an owner/);
    expect(() => changeRole({ ctx: as(userIds.researcher), input: { ...input, role: 'annotator' } })).toThrow(
      /needs an owner/,
    );
  });
});
