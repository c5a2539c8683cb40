import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { actorOfSession, passwordMark } from '../auth/find-actor.ts';
import { hashPassword, verifyPassword } from '../auth/password.ts';
import { createSignInLimits } from '../auth/sign-in-limits.ts';
import { changePassword } from './change-password.ts';

const OLD = 'correct horse battery';
const NEW = 'another long password';
let db: Db;
let userId: string;
let change: (currentPassword?: string) => Promise<void>;

beforeEach(async () => {
  db = createTestDb();
  userId = seedProject(db).userIds.annotator;
  db.update(users)
    .set({ passwordHash: await hashPassword(OLD) })
    .where(eq(users.id, userId))
    .run();
  const limits = createSignInLimits();
  const actor = { type: 'user', userId, isInstanceOwner: false } as const;
  const ctx = { db, actor, dataFolder: '/nonexistent', now: Date.now };
  change = (currentPassword) => changePassword({ ctx, input: { currentPassword, newPassword: NEW } }, limits);
});
const storedHash = () => db.select().from(users).where(eq(users.id, userId)).get()?.passwordHash ?? null;

describe('changePassword', () => {
  it('takes the new one, logs that without the password, and ends the sessions made with the old one', async () => {
    const session = { userId, mark: passwordMark(storedHash()) };
    expect(actorOfSession({ db }, session).type).toBe('user');
    await change(OLD);
    expect(await verifyPassword(storedHash(), NEW)).toBe(true);
    expect(actorOfSession({ db }, session).type).toBe('anonymous');
    const events = db.select().from(auditLog).all();
    expect(events).toMatchObject([{ action: 'users.changePassword' }]);
    // digests of the rows, and nothing else
    expect(Object.keys(JSON.parse(events[0]?.payload ?? ''))).toEqual(['recorded']);
  });

  it('refuses a wrong or missing current password, a few times only', async () => {
    const before = storedHash();
    await expect(change('guess')).rejects.toMatchObject({ code: 'invalid' });
    for (let i = 0; i < 4; i++) await expect(change()).rejects.toMatchObject({ code: 'invalid' });
    await expect(change(OLD)).rejects.toMatchObject({ code: 'too-many-requests' });
    expect(storedHash()).toBe(before);
    expect(db.select().from(auditLog).all()).toEqual([]);
  });

  it('lets people who came by single sign-on set their first one', async () => {
    db.update(users).set({ passwordHash: null }).where(eq(users.id, userId)).run();
    await change();
    expect(await verifyPassword(storedHash(), NEW)).toBe(true);
  });
});
