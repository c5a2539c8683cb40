import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { invites, memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import type { Role } from '../../lib/roles.ts';
import { verifyPassword } from '../auth/password.ts';
import type { Actor, Ctx } from '../context.ts';
import { createInvite } from '../projects/create-invite.ts';
import { listInvites } from '../projects/list-invites.ts';
import { revokeInvite } from '../projects/revoke-invite.ts';
import { verifyDatabase } from '../verify/verify-data-folder.ts';
import { acceptInvite } from './accept-invite.ts';
import { acceptOwnerLink } from './accept-owner-link.ts';
import { createOwnerLink } from './create-owner-link.ts';
import { readInvite } from './read-invite.ts';

const DAY = 86_400_000;
const person = { name: 'Ann', email: 'ann@example.org', password: 'correct horse battery' };
const WORTHLESS = { code: 'expired', message: expect.stringContaining('not valid any more') };
let db: Db;
let now: number;
let projectId: string;
let userIds: Record<Role, string>;

beforeEach(() => {
  db = createTestDb();
  ({ projectId, userIds } = seedProject(db));
  now = 1_700_000_000_000;
});

const as = (actor: Actor): Ctx => ({ db, actor, dataFolder: '/nonexistent', now: () => now });
const anonymous = () => as({ type: 'anonymous' });
const user = (userId: string) => as({ type: 'user', userId, isInstanceOwner: false });
const invite = (role: Role, days = 7) =>
  createInvite({ ctx: user(userIds.owner), input: { projectId, role, days } });
const actions = () =>
  db
    .select()
    .from(auditLog)
    .all()
    .map(({ action, actor }) => `${actor} ${action}`);

describe('invitations', () => {
  it('make a new person a member with the role, once', async () => {
    const { token } = invite('researcher');
    expect(readInvite({ ctx: anonymous(), input: { token } })).toMatchObject({
      projectName: 'Test project',
      role: 'researcher',
    });
    const { userId } = await acceptInvite({ ctx: anonymous(), input: { token, person } });
    const member = db.select().from(memberships).where(eq(memberships.userId, userId)).get();
    expect(member).toMatchObject({ projectId, role: 'researcher', pseudonym: 'A5' });
    const added = db.select().from(users).where(eq(users.id, userId)).get();
    expect(added).toMatchObject({ email: 'ann@example.org', isInstanceOwner: false });
    expect(await verifyPassword(added?.passwordHash ?? null, person.password)).toBe(true);
    expect(actions()).toEqual([`user:${userIds.owner} projects.invite`, `user:${userId} users.acceptInvite`]);
    expect((await verifyDatabase(db)).broken).toBeNull();

    expect(() => readInvite({ ctx: anonymous(), input: { token } })).toThrow('not valid any more');
    await expect(
      acceptInvite({ ctx: anonymous(), input: { token, person: { ...person, email: 'b@example.org' } } }),
    ).rejects.toMatchObject(WORTHLESS);
  });

  it('are used by one of two who open them at the same moment', async () => {
    const { token } = invite('annotator');
    const people = ['a@example.org', 'b@example.org'].map((email) => ({ ...person, email }));
    const results = await Promise.allSettled(
      people.map((one) => acceptInvite({ ctx: anonymous(), input: { token, person: one } })),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(db.select().from(memberships).where(eq(memberships.projectId, projectId)).all()).toHaveLength(5);
  });

  it('add the signed-in person as they are, and leave the link good for members and taken addresses', async () => {
    const other = seedProject(db).userIds.annotator;
    const { token } = invite('auditor');
    await expect(acceptInvite({ ctx: user(userIds.annotator), input: { token } })).rejects.toMatchObject({
      code: 'conflict',
    });
    const taken = { ...person, email: `${other}@example.org` };
    await expect(acceptInvite({ ctx: anonymous(), input: { token, person: taken } })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(acceptInvite({ ctx: anonymous(), input: { token } })).rejects.toMatchObject({
      code: 'invalid',
    });
    expect(await acceptInvite({ ctx: user(other), input: { token } })).toMatchObject({ userId: other });
  });

  it('end by time and by revoking', async () => {
    const short = invite('annotator', 1);
    const long = invite('annotator', 30);
    now += DAY;
    await expect(
      acceptInvite({ ctx: anonymous(), input: { token: short.token, person } }),
    ).rejects.toMatchObject(WORTHLESS);
    revokeInvite({ ctx: user(userIds.owner), input: { projectId, inviteId: long.id } });
    await expect(
      acceptInvite({ ctx: anonymous(), input: { token: long.token, person } }),
    ).rejects.toMatchObject(WORTHLESS);
    const states = listInvites({ ctx: user(userIds.owner), input: { projectId } }).map(({ state }) => state);
    expect(states.sort()).toEqual(['expired', 'revoked']);
  });

  it('cannot be revoked from another project, nor twice', () => {
    const { id } = invite('annotator');
    const other = seedProject(db);
    const strange = { ctx: user(other.userIds.owner), input: { projectId: other.projectId, inviteId: id } };
    expect(() => revokeInvite(strange)).toThrow('not open any more');
    const own = { ctx: user(userIds.owner), input: { projectId, inviteId: id } };
    revokeInvite(own);
    expect(() => revokeInvite(own)).toThrow('not open any more');
  });

  it('keep no token in the database', () => {
    const { token } = invite('owner');
    const everything = JSON.stringify([db.select().from(invites).all(), db.select().from(auditLog).all()]);
    expect(everything).not.toContain(token);
  });
});

describe('the owner link', () => {
  const link = () => createOwnerLink({ ctx: { db, now: () => now } });
  const accept = (token: string | null) =>
    acceptOwnerLink({ ctx: anonymous(), input: { token: token ?? '', ...person } });

  it('makes the owner once; afterwards there are no more links', async () => {
    const { userId } = await accept(link());
    expect(db.select().from(users).where(eq(users.isInstanceOwner, true)).all()).toMatchObject([
      { id: userId },
    ]);
    expect(link()).toBeNull();
  });

  it('stops working when the next start makes another, and after a day', async () => {
    const first = link();
    const second = link();
    await expect(accept(first)).rejects.toMatchObject(WORTHLESS);
    now += DAY;
    await expect(accept(second)).rejects.toMatchObject(WORTHLESS);
    expect(link()).not.toBeNull();
  });

  it('is no invitation, and an invitation is no owner link', async () => {
    const owner = link() ?? '';
    await expect(acceptInvite({ ctx: anonymous(), input: { token: owner, person } })).rejects.toMatchObject(
      WORTHLESS,
    );
    await expect(accept(invite('owner').token)).rejects.toMatchObject(WORTHLESS);
  });
});
