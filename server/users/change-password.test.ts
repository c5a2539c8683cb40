import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { apiTokens, users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { hashPassword, verifyPassword } from '../auth/password.ts';
import { createSignInLimits } from '../auth/sign-in-limits.ts';
import type { Ctx } from '../context.ts';
import { beginSession } from '../sessions/begin.ts';
import { listSessions } from '../sessions/list.ts';
import { changePassword } from './change-password.ts';
import { createToken } from './create-token.ts';

const OLD = 'correct horse battery';
const NEW = 'another long password';
const dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-password-'));
afterAll(() => rmSync(dataFolder, { recursive: true, force: true }));
let db: Db;
let userId: string;
let ctx: Ctx;
let change: (currentPassword?: string, revokeTokens?: boolean) => Promise<void>;

beforeEach(async () => {
  db = createTestDb();
  userId = seedProject(db).userIds.annotator;
  db.update(users)
    .set({ passwordHash: await hashPassword(OLD) })
    .where(eq(users.id, userId))
    .run();
  const limits = createSignInLimits();
  const input = { userId, address: '192.0.2.1', userAgent: '' };
  const { sessionId } = beginSession({ ctx: { db, dataFolder, now: Date.now }, input });
  const actor = { type: 'user', userId, isInstanceOwner: false, sessionId } as const;
  ctx = { db, actor, dataFolder, now: Date.now };
  change = (currentPassword, revokeTokens = false) =>
    changePassword({ ctx, input: { currentPassword, newPassword: NEW, revokeTokens } }, limits);
});
const storedHash = () => db.select().from(users).where(eq(users.id, userId)).get()?.passwordHash ?? null;
const actions = () =>
  db
    .select()
    .from(auditLog)
    .all()
    .map(({ action, payload }) => {
      const { recorded, ...said } = JSON.parse(payload) as Record<string, unknown>;
      return [action, said];
    })
    .filter(([action]) => action !== 'users.beginSession');

describe('changePassword', () => {
  it('takes the new one, logs that without the password, and ends every session but the one that asks', async () => {
    const input = { userId, address: '192.0.2.1', userAgent: '' };
    const other = beginSession({ ctx, input }).sessionId;
    await change(OLD);
    expect(await verifyPassword(storedHash(), NEW)).toBe(true);
    expect(listSessions({ ctx })).toMatchObject([{ isThis: true }]);
    expect(actions()).toEqual([
      ['users.changePassword', { revokedTokens: [] }],
      ['users.endSessions', { reason: 'password-change', sessions: [other] }],
    ]);
  });

  it('revokes the API tokens where the person says so, and only there', async () => {
    const { id } = createToken({ ctx, input: { name: 'script', scopes: ['read'] } });
    await change(OLD, false);
    expect(db.select().from(apiTokens).get()?.revokedAt).toBeNull();
    await change(NEW, true);
    expect(db.select().from(apiTokens).get()?.revokedAt).not.toBeNull();
    expect(actions().at(-1)).toEqual(['users.changePassword', { revokedTokens: [id] }]);
  });

  it('refuses a wrong or missing current password, a few times only', async () => {
    const before = storedHash();
    await expect(change('guess')).rejects.toMatchObject({ code: 'invalid' });
    for (let i = 0; i < 4; i++) await expect(change()).rejects.toMatchObject({ code: 'invalid' });
    await expect(change(OLD)).rejects.toMatchObject({ code: 'too-many-requests' });
    expect(storedHash()).toBe(before);
    expect(actions()).toEqual([]);
  });

  it('lets people who came by single sign-on set their first one', async () => {
    db.update(users).set({ passwordHash: null }).where(eq(users.id, userId)).run();
    await change();
    expect(await verifyPassword(storedHash(), NEW)).toBe(true);
  });
});
