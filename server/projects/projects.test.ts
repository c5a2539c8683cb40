import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { guidelines, memberships, projects } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import type { Role } from '../../lib/roles.ts';
import type { Ctx } from '../context.ts';
import { changeRole } from './change-role.ts';
import { createProject } from './create.ts';
import { getProjectBySlug } from './get-by-slug.ts';
import { listProjects } from './list.ts';
import { listGuidelines } from './list-guidelines.ts';
import { listMembers } from './list-members.ts';
import { readOverview } from './overview.ts';
import { updateProject } from './update.ts';
import { writeGuideline } from './write-guideline.ts';

let db: Db;
let projectId: string;
let userIds: Record<Role, string>;

beforeEach(() => {
  db = createTestDb();
  ({ projectId, userIds } = seedProject(db));
});
const as = (userId: string, isInstanceOwner = false): Ctx => ({
  db,
  actor: { type: 'user', userId, isInstanceOwner },
  dataFolder: '/nonexistent',
  now: () => 1_700_000_000_000,
});
const events = () =>
  db
    .select()
    .from(auditLog)
    .all()
    .map(({ action }) => action);

describe('createProject', () => {
  it('makes project, guideline version 1, membership and one audit event', () => {
    const ctx = as(userIds.owner, true);
    const project = createProject({ ctx, input: { name: 'Ärzte & Patienten 2', settings: { overlap: 3 } } });
    expect(project).toMatchObject({
      slug: 'a-rzte-patienten-2',
      settings: { overlap: 3, leaseMinutes: 15, heldOutShare: 0.1 },
    });
    expect(listGuidelines({ ctx, input: { projectId: project.id } }).map(({ version }) => version)).toEqual([
      1,
    ]);
    expect(db.select().from(memberships).where(eq(memberships.projectId, project.id)).all()).toMatchObject([
      { userId: userIds.owner, role: 'owner', pseudonym: 'A1' },
    ]);
    expect(events()).toEqual(['projects.create']);
  });

  it('refuses everybody but the owner of the installation, a taken address, and a name without letters', () => {
    const ctx = as(userIds.owner, true);
    expect(() => createProject({ ctx: as(userIds.owner), input: { name: 'X' } })).toThrow(/Only the owner/);
    createProject({ ctx, input: { name: 'One', slug: 'same' } });
    expect(() => createProject({ ctx, input: { name: 'Two', slug: 'same' } })).toThrow(/at "same" already/);
    expect(() => createProject({ ctx, input: { name: '!!!' } })).toThrow(/No address can be made/);
    expect(() => createProject({ ctx, input: { name: 'x', slug: 'new' } })).toThrow();
    expect(db.select().from(projects).all()).toHaveLength(2);
  });
});

describe('seeing projects', () => {
  it('shows members theirs, strangers none, the owner of the installation all', () => {
    seedProject(db);
    expect(listProjects({ ctx: as(userIds.auditor) })).toMatchObject([{ id: projectId, role: 'auditor' }]);
    expect(listProjects({ ctx: as('usr_nobody') })).toEqual([]);
    expect(listProjects({ ctx: as('usr_nobody', true) })).toHaveLength(2);
  });

  it('tells a stranger the same as for a project that does not exist', () => {
    const slug = db.select().from(projects).get()?.slug ?? '';
    const ask = (wanted: string) => {
      try {
        getProjectBySlug({ ctx: as('usr_nobody'), input: { slug: wanted } });
        return 'found';
      } catch (error) {
        return (error as Error).message.replace(wanted, '*');
      }
    };
    expect(ask(slug)).toBe(ask('no-such-project'));
  });

  it('gives annotators no counts of the project', () => {
    expect(readOverview({ ctx: as(userIds.annotator), input: { projectId } }).project).toBeNull();
    expect(readOverview({ ctx: as(userIds.auditor), input: { projectId } }).project).toMatchObject({
      members: 4,
    });
  });

  it('shows names and addresses of members to owners only', () => {
    const member = (reader: Role) =>
      listMembers({ ctx: as(userIds[reader]), input: { projectId } }).find(
        ({ userId }) => userId === userIds.annotator,
      );
    expect(member('owner')).toMatchObject({ name: 'annotator', pseudonym: 'A3' });
    for (const reader of ['researcher', 'auditor'] as const) {
      expect(member(reader)).toMatchObject({ name: null, email: null, pseudonym: 'A3' });
    }
  });
});

describe('changing roles', () => {
  it('changes what the person may do at once, with an audit event', () => {
    changeRole({ ctx: as(userIds.owner), input: { projectId, userId: userIds.annotator, role: 'owner' } });
    expect(() =>
      updateProject({ ctx: as(userIds.annotator), input: { projectId, name: 'Mine' } }),
    ).not.toThrow();
    expect(events()).toEqual(['projects.changeRole', 'projects.update']);
  });

  it('keeps at least one owner', () => {
    const ctx = as(userIds.owner);
    const stepDown = { ctx, input: { projectId, userId: userIds.owner, role: 'auditor' as const } };
    expect(() => changeRole(stepDown)).toThrow(/needs an owner/);
    changeRole({ ctx, input: { projectId, userId: userIds.auditor, role: 'owner' } });
    changeRole(stepDown);
    expect(() => changeRole({ ctx, input: { projectId, userId: userIds.owner, role: 'owner' } })).toThrow(
      /may not do this/,
    );
  });

  it('does not count a disabled owner as the one who is left', () => {
    const ctx = as(userIds.owner);
    changeRole({ ctx, input: { projectId, userId: userIds.auditor, role: 'owner' } });
    db.update(users).set({ disabledAt: 1 }).where(eq(users.id, userIds.auditor)).run();
    expect(() => changeRole({ ctx, input: { projectId, userId: userIds.owner, role: 'auditor' } })).toThrow(
      /needs an owner/,
    );
  });
});

describe('guidelines', () => {
  it('adds versions and refuses one that was edited from an older one', () => {
    const ctx = as(userIds.researcher);
    expect(writeGuideline({ ctx, input: { projectId, text: 'first', basedOn: 0 } }).version).toBe(1);
    expect(writeGuideline({ ctx, input: { projectId, text: 'second', basedOn: 1 } }).version).toBe(2);
    expect(() => writeGuideline({ ctx, input: { projectId, text: 'other', basedOn: 1 } })).toThrow(
      /Version 2 was written while you edited version 1/,
    );
    expect(db.select().from(guidelines).all()).toHaveLength(2);
    expect(events()).toEqual(['projects.writeGuideline', 'projects.writeGuideline']);
  });
});
