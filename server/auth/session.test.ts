import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encode } from 'next-auth/jwt';
import type { CredentialsConfig } from 'next-auth/providers/credentials';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { users } from '../../db/schema/users.ts';
import { beginSession } from '../sessions/begin.ts';
import { appDatabase } from './app-database.ts';
import { createContext } from './create-context.ts';
import { hashPassword } from './password.ts';
import { sessionSecret } from './secret.ts';
import { authOptions, readSessionToken, SESSION_COOKIE } from './session.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-session-'));
let passwordHash: string;

beforeAll(async () => {
  vi.stubEnv('PLUMBLINE_DATA', folder);
  vi.stubEnv('NEXTAUTH_SECRET', '');
  vi.stubEnv('LOG_LEVEL', 'silent');
  passwordHash = await hashPassword('correct horse battery');
  appDatabase()
    .insert(users)
    .values({ id: 'usr_ann', email: 'ann@example.org', name: 'Ann', passwordHash, createdAt: 0 })
    .run();
});
afterAll(() => {
  appDatabase().$client.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const secret = () => sessionSecret(folder);
const begin = () => {
  const input = { userId: 'usr_ann', address: '192.0.2.1', userAgent: '' };
  return beginSession({ ctx: { db: appDatabase(), dataFolder: folder, now: Date.now }, input }).sessionId;
};
const headersWith = (cookie: string) => new Headers({ cookie: `other=1; ${SESSION_COOKIE}=${cookie}` });

describe('the session secret', () => {
  it('is made once, long, and readable by its owner only', () => {
    const made = secret();
    expect(made.length).toBeGreaterThanOrEqual(64);
    expect(secret()).toBe(made);
    expect(statSync(path.join(folder, 'session-secret')).mode & 0o777).toBe(0o600);
    expect(sessionSecret(folder, 'given')).toBe('given');
  });

  it('is not replaced in silence when the file is damaged', () => {
    const file = path.join(folder, 'session-secret');
    const made = readFileSync(file);
    writeFileSync(file, 'x');
    expect(() => secret()).toThrow(/damaged: 1 characters, expected at least 32/);
    writeFileSync(file, made);
  });
});

describe('sessions', () => {
  it('lead from password to cookie to actor', async () => {
    const options = authOptions();
    const credentials = options.providers[0] as CredentialsConfig;
    const request = { headers: {}, body: {}, query: {}, method: 'POST' };
    const user = await credentials.authorize?.(
      { email: 'ann@example.org', password: 'correct horse battery' } as never,
      request,
    );
    expect(user).toEqual({ id: 'usr_ann' });
    const token = await options.callbacks?.jwt?.({ token: {}, user, account: null } as never);
    // nothing personal goes into the cookie
    expect(token).toEqual({ sub: 'usr_ann', session: expect.stringMatching(/^ses_/) });
    const cookie = await encode({ token: token ?? {}, secret: secret() });
    const { actor } = await createContext(headersWith(cookie));
    const mine = { type: 'user', userId: 'usr_ann', isInstanceOwner: false, sessionId: token?.session };
    expect(actor).toEqual(mine);
    expect(await options.callbacks?.jwt?.({ token } as never)).toEqual(token);
    // signing out ends it, whoever kept the cookie
    await options.events?.signOut?.({ token } as never);
    expect((await createContext(headersWith(cookie))).actor).toEqual({ type: 'anonymous' });
  });

  it('are cookies that scripts and other sites cannot use, secure on https', () => {
    expect(authOptions().cookies?.sessionToken?.options).toMatchObject({
      httpOnly: true,
      sameSite: 'lax',
      secure: false,
    });
    vi.stubEnv('NEXTAUTH_URL', 'https://plumbline.example.org');
    expect(authOptions().cookies?.sessionToken?.options).toMatchObject({ secure: true });
    vi.stubEnv('NEXTAUTH_URL', 'http://localhost:3000');
  });

  it('are nobody when missing, made up, signed with another secret, or expired', async () => {
    const token = { sub: 'usr_ann', session: begin() };
    const forged = await encode({ token, secret: 'another secret, just as long as the real one' });
    const expired = await encode({ token, secret: secret(), maxAge: -60 });
    for (const cookie of ['', 'x', 'a.b.c.d.e', forged, expired]) {
      expect(await readSessionToken(cookie)).toBeNull();
      expect((await createContext(headersWith(cookie))).actor).toEqual({ type: 'anonymous' });
    }
  });

  it('do not help a request with a wrong API token', async () => {
    const token = { sub: 'usr_ann', session: begin() };
    const headers = headersWith(await encode({ token, secret: secret() }));
    for (const authorization of ['Bearer plb_wrong', 'Bearer a b', 'Bearer', 'bearer\tx', 'Bearer,x']) {
      headers.set('authorization', authorization);
      await expect(createContext(headers)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });
});
