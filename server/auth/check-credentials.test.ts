import * as argon2 from '@node-rs/argon2';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { users } from '../../db/schema/users.ts';
import { createTestDb } from '../../db/testing.ts';
import { checkCredentials } from './check-credentials.ts';
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
let attempt: (email: string, password: string, address?: string) => Promise<string | null>;

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
  const limits = createSignInLimits();
  attempt = (email, password, address = '192.0.2.1') =>
    checkCredentials({ db, now: Date.now }, { email, password, address }, limits);
  vi.mocked(argon2.verify).mockClear();
});

describe('checkCredentials', () => {
  it('stores argon2id with at least 19 MiB', () => {
    expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('gives the id for the right password, whatever the case of the address, and logs it', async () => {
    expect(await attempt(' Known@Example.org', PASSWORD)).toBe('usr_known');
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

  it('forgets the failures of an account once the right password came', async () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 2; i++) await attempt('known@example.org', 'wrong');
      expect(await attempt('known@example.org', PASSWORD)).toBe('usr_known');
    }
  });
});
