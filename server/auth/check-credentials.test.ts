import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as argon2 from '@node-rs/argon2';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { sessions, users } from '../../db/schema/users.ts';
import { createTestDb } from '../../db/testing.ts';
import { beginSession } from '../sessions/begin.ts';
import { checkCredentials, type SignInOutcome } from './check-credentials.ts';
import { hashPassword } from './password.ts';
import { createSignInLimits } from './sign-in-limits.ts';

// the real functions, watched: how much hashing was done is what an observer with a clock could tell
vi.mock(import('@node-rs/argon2'), async (load) => {
  const actual = await load();
  return { ...actual, verify: vi.fn(actual.verify) };
});

const PASSWORD = 'correct horse battery';
let db: Db;
let passwordHash: string;
let attempt: (email: string, password: string, code?: string) => Promise<SignInOutcome>;
const dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-credentials-'));
afterAll(() => rmSync(dataFolder, { recursive: true, force: true }));

beforeAll(async () => {
  passwordHash = await hashPassword(PASSWORD);
});

beforeEach(() => {
  db = createTestDb();
  const base = { name: 'x', createdAt: 0 };
  db.insert(users)
    .values([
      { ...base, id: 'usr_known', email: 'known@example.org', passwordHash },
      { ...base, id: 'usr_disabled', email: 'disabled@example.org', passwordHash, disabledAt: 1 },
      { ...base, id: 'usr_sso', email: 'sso@example.org', passwordHash: null },
    ])
    .run();
  // a clock that stands still: on a slow machine a wait would be over before the test has looked
  const limits = createSignInLimits({ now: () => 1_700_000_000_000 });
  attempt = (email, password, code) =>
    checkCredentials(
      { db, dataFolder, now: Date.now },
      { email, password, code, address: '192.0.2.1' },
      limits,
    );
  vi.mocked(argon2.verify).mockClear();
});

describe('checkCredentials', () => {
  it('stores argon2id with at least 19 MiB', () => {
    expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('gives the id for the right password, whatever the case of the address, and logs it', async () => {
    expect(await attempt(' Known@Example.org', PASSWORD)).toEqual({ userId: 'usr_known' });
    expect(db.select().from(auditLog).all()).toMatchObject([
      { action: 'users.signIn', actor: 'user:usr_known', subject: 'usr_known' },
    ]);
  });

  it.each([
    ['wrong password', 'known@example.org', `${PASSWORD}!`],
    ['unknown address', 'nobody@example.org', PASSWORD],
    ['disabled person', 'disabled@example.org', PASSWORD],
    ['person without password', 'sso@example.org', PASSWORD],
    ["the decoy's password", 'nobody@example.org', 'decoy: nobody has this password'],
    ["the decoy's password for a person without one", 'sso@example.org', 'decoy: nobody has this password'],
  ])('gives the same answer for the same work: %s', async (_, email, password) => {
    await attempt('warm-up@example.org', 'x');
    vi.mocked(argon2.verify).mockClear();
    expect(await attempt(email, password)).toBeNull();
    // one verification against a hash of the same cost, for everybody
    expect(vi.mocked(argon2.verify)).toHaveBeenCalledTimes(1);
    expect(vi.mocked(argon2.verify).mock.calls[0]?.[0]).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(db.select().from(auditLog).all()).toEqual([]);
  });

  it.each(['known@example.org', 'nobody@example.org'])(
    'slows guessing at %s, known or not',
    async (email) => {
      for (let i = 0; i < 5; i++) expect(await attempt(email, `guess ${i}`)).toBeNull();
      await expect(attempt(email, PASSWORD)).rejects.toThrow('Too many attempts. Try again in 1 second.');
    },
  );

  it('hashes nothing for an attempt that is refused', async () => {
    for (let i = 0; i < 5; i++) await attempt('known@example.org', 'wrong');
    vi.mocked(argon2.verify).mockClear();
    const many = await Promise.allSettled(
      Array.from({ length: 150 }, () => attempt('known@example.org', 'wrong')),
    );
    expect(many.every(({ status }) => status === 'rejected')).toBe(true);
    expect(vi.mocked(argon2.verify)).not.toHaveBeenCalled();
  });

  it('lets somebody in from where they signed in before, while the account is guessed at from everywhere', async () => {
    const ctx = { db, dataFolder, now: Date.now };
    const isKnown: boolean[] = [];
    const limits = {
      attempt: async (who: { isKnown?: boolean }) => {
        isKnown.push(who.isKnown === true);
        return null;
      },
    };
    const from = (email: string, address: string) =>
      checkCredentials(ctx, { email, password: 'x', address }, limits);
    beginSession({ ctx, input: { userId: 'usr_known', address: '192.0.2.7', userAgent: '' } });
    beginSession({ ctx, input: { userId: 'usr_known', address: 'unknown', userAgent: '' } });
    await from('known@example.org', '192.0.2.7');
    await from('known@example.org', '192.0.2.8');
    await from('sso@example.org', '192.0.2.7');
    await from('known@example.org', 'unknown');
    expect(isKnown).toEqual([true, false, false, false]);
    expect(JSON.stringify(db.select().from(sessions).all())).not.toContain('192.0.2.7');
  });

  it('forgets the failures of an account once the right password came', async () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 2; i++) await attempt('known@example.org', 'wrong');
      expect(await attempt('known@example.org', PASSWORD)).toEqual({ userId: 'usr_known' });
    }
  });
});
