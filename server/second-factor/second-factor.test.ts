import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { recoveryCodes, users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { checkCredentials } from '../auth/check-credentials.ts';
import { hashPassword } from '../auth/password.ts';
import { createSignInLimits, type SignInLimits } from '../auth/sign-in-limits.ts';
import type { Ctx } from '../context.ts';
import { beginSession } from '../sessions/begin.ts';
import { listSessions } from '../sessions/list.ts';
import { createResetLink } from '../users/create-reset-link.ts';
import { readResetLink } from '../users/read-reset-link.ts';
import { resetPassword } from '../users/reset-password.ts';
import { beginSecondFactor } from './begin.ts';
import { confirmSecondFactor } from './confirm.ts';
import { newRecoveryCodes } from './new-recovery-codes.ts';
import { turnOffSecondFactor } from './turn-off.ts';

const PASSWORD = 'correct horse battery';
const dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-second-factor-'));
afterAll(() => rmSync(dataFolder, { recursive: true, force: true }));
let passwordHash: string;
let db: Db;
let userId: string;
let now: number;
let limits: SignInLimits;

beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'silent');
  passwordHash = await hashPassword(PASSWORD);
});
beforeEach(() => {
  db = createTestDb();
  userId = seedProject(db).userIds.researcher;
  db.update(users).set({ passwordHash }).where(eq(users.id, userId)).run();
  now = 1_700_000_000_000;
  limits = createSignInLimits({ now: () => now });
});
const as = (id: string, isInstanceOwner = false): Ctx => ({
  db,
  dataFolder,
  now: () => now,
  actor: { type: 'user', userId: id, isInstanceOwner },
});
const codeOf = (secret: string) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now });
const signIn = (code?: string, address = '192.0.2.1') =>
  checkCredentials(
    { db, dataFolder, now: () => now },
    { email: `${userId}@example.org`, password: PASSWORD, code, address },
    limits,
  );

async function turnOn(): Promise<{ secret: string; codes: string[] }> {
  const { secret, qrSvg } = await beginSecondFactor({ ctx: as(userId) });
  expect(qrSvg).toMatch(/^<svg.*<\/svg>\s*$/s);
  const code = codeOf(secret);
  const { recoveryCodes } = await confirmSecondFactor({ ctx: as(userId), input: { code } }, limits);
  now += 60_000;
  return { secret, codes: recoveryCodes };
}

describe('a second factor', () => {
  it('counts from its first code on', async () => {
    const { secret } = await beginSecondFactor({ ctx: as(userId) });
    expect(await signIn()).toEqual({ userId });
    const wrong = { ctx: as(userId), input: { code: codeOf(secret) === '123456' ? '654321' : '123456' } };
    await expect(confirmSecondFactor(wrong, limits)).rejects.toMatchObject({ code: 'invalid' });
    await confirmSecondFactor({ ctx: as(userId), input: { code: codeOf(secret) } }, limits);
    expect(await signIn()).toBe('code-missing');
    await expect(beginSecondFactor({ ctx: as(userId) })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('takes a code of now or half a minute ago, each once, of two at the same moment one', async () => {
    const { secret } = await turnOn();
    const code = codeOf(secret);
    const both = await Promise.all([signIn(code), signIn(code)]);
    expect(both.map((one) => (typeof one === 'object' ? 'in' : one)).sort()).toEqual(['code-wrong', 'in']);
    now += 30_000;
    expect(await signIn(code)).toBe('code-wrong');
    const late = codeOf(secret);
    now += 30_000;
    expect(await signIn(`${late.slice(0, 3)} ${late.slice(3)}`)).toEqual({ userId });
    const older = codeOf(secret);
    now += 90_000;
    expect(await signIn(older)).toBe('code-wrong');
  });

  it('is kept encrypted, for this person alone', async () => {
    const { secret, codes } = await turnOn();
    const everything = JSON.stringify([
      db.select().from(users).all(),
      db.select().from(recoveryCodes).all(),
      db.select().from(auditLog).all(),
    ]);
    for (const text of [secret, ...codes]) expect(everything).not.toContain(text);
    // copied to somebody else's row, it opens nothing
    const other = seedProject(db).userIds.annotator;
    const { totpSecret, totpSince } = db.select().from(users).where(eq(users.id, userId)).get() ?? {};
    db.update(users).set({ passwordHash, totpSecret, totpSince }).where(eq(users.id, other)).run();
    const input = {
      email: `${other}@example.org`,
      password: PASSWORD,
      code: codeOf(secret),
      address: '192.0.2.1',
    };
    expect(await checkCredentials({ db, dataFolder, now: () => now }, input, limits)).toBe('code-wrong');
  });

  it('is limited as passwords are, and the right password does not make wrong codes forgotten', async () => {
    await turnOn();
    for (let i = 0; i < 5; i++) {
      expect(await signIn('000000')).toBe('code-wrong');
      expect(await signIn()).toBe('code-missing');
    }
    await expect(signIn('000000')).rejects.toMatchObject({ code: 'too-many-requests' });
  });

  it('has ten recovery codes, each good once, and new ones in their place for who gives the password', async () => {
    const { codes } = await turnOn();
    expect(new Set(codes).size).toBe(10);
    const [first = '', second = ''] = codes;
    expect(await signIn(first.toUpperCase().replaceAll('-', ' '))).toEqual({ userId });
    expect(await signIn(first)).toBe('code-wrong');
    const wrong = { ctx: as(userId), input: { password: 'guess' } };
    await expect(newRecoveryCodes(wrong, limits)).rejects.toMatchObject({ code: 'invalid' });
    const anew = await newRecoveryCodes({ ctx: as(userId), input: { password: PASSWORD } }, limits);
    expect(await signIn(second)).toBe('code-wrong');
    expect(await signIn(anew.recoveryCodes[0])).toEqual({ userId });
  });

  it('is turned off with the password only', async () => {
    await turnOn();
    const wrong = { ctx: as(userId), input: { password: 'guess' } };
    await expect(turnOffSecondFactor(wrong, limits)).rejects.toMatchObject({ code: 'invalid' });
    expect(await signIn()).toBe('code-missing');
    await turnOffSecondFactor({ ctx: as(userId), input: { password: PASSWORD } }, limits);
    expect(await signIn()).toEqual({ userId });
    expect(db.select().from(recoveryCodes).all()).toEqual([]);
  });
});

describe("the owner's reset link", () => {
  const NEW = 'another long password';
  const link = (endsSecondFactor = false) =>
    createResetLink({ ctx: as('usr_owner', true), input: { userId, endsSecondFactor } }).token;
  const anonymous = (): Ctx => ({ ...as(''), actor: { type: 'anonymous' } });
  const use = (token: string) => resetPassword({ ctx: anonymous(), input: { token, newPassword: NEW } });
  beforeEach(() => {
    const owner = { id: 'usr_owner', name: 'O', isInstanceOwner: true, createdAt: 0 };
    db.insert(users).values(owner).run();
  });

  it('sets a password once, ends every session, and leaves the second factor unless told', async () => {
    await turnOn();
    beginSession({ ctx: as(userId), input: { userId, address: '192.0.2.1', userAgent: '' } });
    const token = link();
    expect(readResetLink({ ctx: anonymous(), input: { token } })).toEqual({
      name: 'researcher',
      email: `${userId}@example.org`,
    });
    await use(token);
    expect(listSessions({ ctx: as(userId) })).toEqual([]);
    expect(await signIn()).toBeNull();
    const input = { email: `${userId}@example.org`, password: NEW, address: '192.0.2.1' };
    expect(await checkCredentials({ db, dataFolder, now: () => now }, input, limits)).toBe('code-missing');
    await expect(use(token)).rejects.toMatchObject({ code: 'expired' });
    await use(link(true));
    expect(await checkCredentials({ db, dataFolder, now: () => now }, input, limits)).toEqual({ userId });
  });

  it('ends after a day, with the next one, and with disabling; nobody else makes one', async () => {
    const first = link();
    const second = link();
    await expect(use(first)).rejects.toMatchObject({ code: 'expired' });
    db.update(users).set({ disabledAt: now }).where(eq(users.id, userId)).run();
    await expect(use(second)).rejects.toMatchObject({ code: 'expired' });
    expect(() => link()).toThrow(/disabled people do not sign in/);
    db.update(users).set({ disabledAt: null }).where(eq(users.id, userId)).run();
    now += 86_400_000;
    await expect(use(second)).rejects.toMatchObject({ code: 'expired' });
    const input = { userId, endsSecondFactor: false };
    expect(() => createResetLink({ ctx: as(userId), input })).toThrow(/Only the owner/);
  });
});
