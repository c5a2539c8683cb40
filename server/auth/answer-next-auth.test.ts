import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answerNextAuth } from './answer-next-auth.ts';
import { appDatabase } from './app-database.ts';
import { authOptions } from './session.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-next-auth-'));
const ORIGIN = 'http://localhost:3000';

beforeAll(() => {
  vi.stubEnv('PLUMBLINE_DATA', folder);
  vi.stubEnv('NEXTAUTH_URL', ORIGIN);
  vi.stubEnv('LOG_LEVEL', 'silent');
});
afterAll(() => {
  appDatabase().$client.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

function ask(address: string, init: RequestInit = {}): Promise<Response> {
  const request = new Request(`${ORIGIN}/api/auth/${address}`, init);
  const action = address.split('?')[0]?.split('/') ?? [];
  return answerNextAuth(request, { path: action, origin: ORIGIN, options: authOptions() });
}

/** What the sign-in page is told to go back to. */
async function goesBackTo(response: Response): Promise<string | null> {
  expect(response.status).toBe(302);
  return new URL(response.headers.get('location') ?? '', ORIGIN).searchParams.get('callbackUrl');
}

describe("next-auth's endpoints", () => {
  it.each([
    ['', `${ORIGIN}/`],
    ['relative', `${ORIGIN}/`],
    ['//evil.test/x', `${ORIGIN}/`],
    ['/.//evil.test/x', `${ORIGIN}/`],
    ['https://evil.test/x', `${ORIGIN}/`],
    ['javascript:alert(1)', `${ORIGIN}/`],
    ['http://[', `${ORIGIN}/`],
    [`${ORIGIN}.evil.test/`, `${ORIGIN}/`],
    ['/projects/a?b=c', `${ORIGIN}/projects/a?b=c`],
    [`${ORIGIN}/projects/a`, `${ORIGIN}/projects/a`],
  ])('read callbackUrl=%s as an address of this site', async (given, expected) => {
    const query = `callbackUrl=${encodeURIComponent(given)}`;
    expect(await goesBackTo(await ask(`signin?${query}`))).toBe(expected);
    const cookie = `next-auth.callback-url=${encodeURIComponent(given)}`;
    expect((await ask('signin', { headers: { cookie } })).status).toBe(302);
    const body = new URLSearchParams({ callbackUrl: given, json: 'true' });
    expect((await ask('signout', { method: 'POST', body })).status).toBeLessThan(400);
  });

  it('go home where callbackUrl is given twice', async () => {
    expect(await goesBackTo(await ask('signin?callbackUrl=/a&callbackUrl=/b'))).toBe(`${ORIGIN}/`);
  });

  it('answer with the session and a token against forgery, whatever other cookies there are', async () => {
    const headers = { cookie: 'a=%zz; b=1; next-auth.callback-url=%zz' };
    const answer = await ask('csrf', { headers });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ csrfToken: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(answer.headers.getSetCookie().join()).toContain('HttpOnly');
    expect(await (await ask('session', { headers })).json()).toEqual({});
  });

  it('refuse a body that is too large or no form', async () => {
    const json = { 'content-type': 'application/json' };
    await expect(ask('signout', { method: 'POST', body: 'x'.repeat(30_000) })).rejects.toMatchObject({
      code: 'too-large',
    });
    await expect(ask('signout', { method: 'POST', body: '{"', headers: json })).rejects.toMatchObject({
      code: 'invalid',
    });
  });
});
