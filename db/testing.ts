import { newId } from '../lib/new-id.ts';
import type { Role } from '../lib/roles.ts';
import { type Db, openDatabase } from './client.ts';
import { memberships, projects } from './schema/projects.ts';
import { users } from './schema/users.ts';

/** A fresh in-memory database with the real migrations. */
export function createTestDb(): Db {
  return openDatabase(':memory:');
}

/** A project of its own with one member of each role; unique values, so that suites never meet. */
export function seedProject(db: Db): { projectId: string; userIds: Record<Role, string> } {
  const now = Date.now();
  const projectId = newId('prj');
  const userIds = {} as Record<Role, string>;
  for (const role of ['owner', 'researcher', 'annotator', 'auditor'] as const) {
    userIds[role] = newId('usr');
    db.insert(users)
      .values({ id: userIds[role], email: `${userIds[role]}@example.org`, name: role, createdAt: now })
      .run();
  }
  db.insert(projects)
    .values({
      id: projectId,
      slug: projectId.replace('_', '-'),
      name: 'Test project',
      settings: {
        overlap: 1,
        leaseMinutes: 15,
        heldOutShare: 0.2,
        askStrength: true,
        requireRationale: false,
      },
      createdBy: userIds.owner,
      createdAt: now,
    })
    .run();
  let number = 0;
  for (const role of ['owner', 'researcher', 'annotator', 'auditor'] as const) {
    number += 1;
    db.insert(memberships)
      .values({ projectId, userId: userIds[role], role, pseudonym: `A${number}`, createdAt: now })
      .run();
  }
  return { projectId, userIds };
}
