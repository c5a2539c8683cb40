import { describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import type { Role } from '../../lib/roles.ts';
import { createCaller } from '../root.ts';

function world() {
  const db = createTestDb();
  const { projectId, userIds } = seedProject(db);
  let now = 1_700_000_000_000;
  const as = (role: Role) =>
    createCaller({
      db,
      actor: { type: 'user', userId: userIds[role], isInstanceOwner: false },
      dataFolder: '/nonexistent',
      now: () => now,
    });
  const reads = () =>
    db
      .select()
      .from(auditLog)
      .all()
      .map(({ actor, action, payload }) => [actor, action, JSON.parse(payload).procedure]);
  return { projectId, userIds, as, reads, advance: (ms: number) => (now += ms) };
}

describe('an auditor reading raw data', () => {
  it('is itself recorded, once per quarter of an hour and procedure', async () => {
    const { projectId, userIds, as, reads, advance } = world();
    const record = [`user:${userIds.auditor}`, 'audit.read', 'snapshots.list'];
    await as('auditor').snapshots.list({ projectId });
    await as('auditor').snapshots.list({ projectId });
    expect(reads()).toEqual([record]);
    await as('auditor').snapshots.exports({ projectId });
    expect(reads()).toHaveLength(2);
    advance(15 * 60_000);
    await as('auditor').snapshots.list({ projectId });
    expect(reads()).toHaveLength(3);
  });

  it('is not confused with others reading, or with reading no raw data', async () => {
    const { projectId, as, reads } = world();
    await as('researcher').snapshots.list({ projectId });
    await as('auditor').projects.guidelines({ projectId });
    await as('auditor').audit.list({ projectId });
    await expect(as('annotator').snapshots.list({ projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(reads()).toEqual([]);
  });
});
