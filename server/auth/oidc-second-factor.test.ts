import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AuthOptions } from 'next-auth';
import type { CredentialsConfig } from 'next-auth/providers/credentials';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { users } from '../../db/schema/users.ts';
import { beginSecondFactor } from '../second-factor/begin.ts';
import { confirmSecondFactor } from '../second-factor/confirm.ts';
import { appDatabase } from './app-database.ts';
import { createOidcTicket, readOidcTicket } from './oidc-ticket.ts';
import { authOptions } from './session.ts';
import { createSignInLimits } from './sign-in-limits.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-oidc-'));
const profile = { email: 'ann@example.org', email_verified: true };
let recoveryCodes: string[];
let now = Date.now();

beforeAll(async () => {
  vi.stubEnv('PLUMBLINE_DATA', folder);
  vi.stubEnv('LOG_LEVEL', 'silent');
  vi.stubEnv('OIDC_ISSUER', 'https://id.example.org');
  vi.stubEnv('OIDC_CLIENT_ID', 'plumbline');
  const db = appDatabase();
  db.insert(users).values({ id: 'usr_ann', email: profile.email, name: 'Ann', createdAt: 0 }).run();
  const actor = { type: 'user', userId: 'usr_ann', isInstanceOwner: false } as const;
  const ctx = { db, dataFolder: folder, actor, now: () => now };
  const { secret } = await beginSecondFactor({ ctx });
  const code = new TOTP({ secret }).generate({ timestamp: now });
  ({ recoveryCodes } = await confirmSecondFactor({ ctx, input: { code } }, createSignInLimits()));
});
afterAll(() => {
  appDatabase().$client.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const signIn = async (options: AuthOptions, user: { id: string }) =>
  options.callbacks?.signIn?.({
    user,
    profile,
    account: { type: 'oauth', provider: 'oidc', providerAccountId: 'sub-ann' },
  } as never);
const signInsLogged = () =>
  appDatabase()
    .select()
    .from(auditLog)
    .all()
    .filter(({ action }) => action === 'users.signIn')
    .map(({ payload }) => (JSON.parse(payload) as { method: string }).method);

it('asks for the code after single sign-on too, and lets in by it alone', async () => {
  const options = authOptions();
  const user = { id: 'sub-ann' };
  const answer = await signIn(options, user);
  expect(answer).toMatch(/^\/sign-in\/code\?ticket=/);
  // nobody is signed in yet, and the log says nothing else
  expect(user.id).toBe('sub-ann');
  expect(signInsLogged()).toEqual([]);
  const ticket = new URL(String(answer), 'http://here.invalid').searchParams.get('ticket') ?? '';
  const provider = options.providers.find(({ id }) => id === 'oidc-code') as CredentialsConfig;
  const enter = (fields: { ticket: string; code: string }) =>
    provider.authorize?.(fields as never, {} as never);
  const [good = ''] = recoveryCodes;
  await expect(enter({ ticket, code: '' })).rejects.toThrow('code-missing');
  await expect(enter({ ticket, code: '000000' })).rejects.toThrow('code-wrong');
  expect(await enter({ ticket: ticket.replace('usr_ann', 'usr_bob'), code: good })).toBeNull();
  expect(await enter({ ticket: `${ticket}x`, code: good })).toBeNull();
  expect(signInsLogged()).toEqual([]);
  expect(await enter({ ticket, code: good })).toEqual({ id: 'usr_ann' });
  expect(signInsLogged()).toEqual(['oidc and recovery code']);
  await expect(enter({ ticket, code: good })).rejects.toThrow('code-wrong');
});

it('does not where the operator says that the provider does', async () => {
  vi.stubEnv('OIDC_SECOND_FACTOR', 'provider');
  const user = { id: 'sub-ann' };
  expect(await signIn(authOptions(), user)).toBe(true);
  expect(user.id).toBe('usr_ann');
});

it('forgets a ticket after five minutes', () => {
  const ctx = { dataFolder: folder, now: () => now };
  const ticket = createOidcTicket(ctx, 'usr_ann');
  expect(readOidcTicket(ctx, ticket)).toBe('usr_ann');
  now += 5 * 60_000;
  expect(readOidcTicket(ctx, ticket)).toBeNull();
});
