import { expect, it, vi } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';

it('rows are vouched for whichever copy of the program’s modules opened the connection', async () => {
  const db = createTestDb();
  const { projectId, userIds } = seedProject(db);
  // as pages and routes are to one another
  vi.resetModules();
  const { createInvite } = await import('../projects/create-invite.ts');
  const { verifyDatabase } = await import('../verify/verify-data-folder.ts');
  const actor = { type: 'user', userId: userIds.owner, isInstanceOwner: false } as const;
  const ctx = { db, actor, dataFolder: '/nonexistent', now: Date.now };
  createInvite({ ctx, input: { projectId, role: 'annotator' } });
  const records = db.select().from(auditLog).all();
  const invited = records.filter(({ action }) => action === 'projects.invite');
  expect(JSON.parse(invited[0]?.payload ?? '{}')).toHaveProperty('recorded');
  expect(records.map(({ action }) => action)).not.toContain('rows.write');
  expect((await verifyDatabase(db)).broken).toBeNull();
});
