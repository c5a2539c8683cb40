import { eq } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import type { Ctx } from '../context.ts';
import { addSimulatedAnnotator } from './add-simulated-annotator.ts';

function setUp(role: 'owner' | 'researcher') {
  const db = createTestDb();
  const { projectId, userIds } = seedProject(db);
  const actor = { type: 'user' as const, userId: userIds[role], isInstanceOwner: false };
  const ctx: Ctx = { db, actor, dataFolder: '/nowhere', now: () => 1_700_000_000_000 };
  return { db, projectId, ctx };
}

test('a simulated annotator is marked, cannot sign in, and has the next pseudonym', () => {
  const { db, projectId, ctx } = setUp('owner');
  const { userId } = addSimulatedAnnotator({ ctx, input: { projectId, name: 'Simulated 1' } });
  const user = db.select().from(users).where(eq(users.id, userId)).get();
  expect(user).toMatchObject({ isSimulated: true, email: null, passwordHash: null });
  const member = db.select().from(memberships).where(eq(memberships.userId, userId)).get();
  expect(member).toMatchObject({ role: 'annotator', pseudonym: 'A5' });
  expect(db.select().from(auditLog).where(eq(auditLog.subject, userId)).all()).toHaveLength(1);
});

test('who may not invite may not add one either', () => {
  const { db, projectId, ctx } = setUp('researcher');
  const before = db.select().from(users).all().length;
  expect(() => addSimulatedAnnotator({ ctx, input: { projectId, name: 'Simulated 1' } })).toThrow(
    /researcher/,
  );
  expect(db.select().from(users).all()).toHaveLength(before);
});
