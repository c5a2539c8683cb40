import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { newId } from '../lib/new-id.ts';
import type { Role } from '../lib/roles.ts';
import { type Db, openDatabase } from './client.ts';
import { memberships, projects } from './schema/projects.ts';
import { users } from './schema/users.ts';

/** A fresh in-memory database with the real migrations. */
export function createTestDb(): Db {
  return openDatabase(':memory:');
}

/**
 * A database file as it was after the migration named `last` ("0001_run_device"), for rows of that time; opened by openDatabase
 * afterwards it goes through the later migrations as people's files do. Throws when there is no such migration.
 */
export function createEarlierDatabase(file: string, last: string): Database.Database {
  const folder = mkdtempSync(path.join(tmpdir(), 'migrations-'));
  try {
    cpSync(path.join(process.cwd(), 'db/migrations'), folder, { recursive: true });
    const journalFile = path.join(folder, 'meta/_journal.json');
    const journal = JSON.parse(readFileSync(journalFile, 'utf8')) as { entries: { tag: string }[] };
    const count = journal.entries.findIndex(({ tag }) => tag === last) + 1;
    if (count === 0) throw new Error(`no migration is named ${last}`);
    writeFileSync(journalFile, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }));
    const client = new Database(file);
    migrate(drizzle(client), { migrationsFolder: folder });
    return client;
  } finally {
    rmSync(folder, { recursive: true });
  }
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
