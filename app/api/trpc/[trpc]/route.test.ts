import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { appDatabase } from '@/server/auth/app-database.ts';
import { createOwnerLink } from '@/server/users/create-owner-link.ts';
import { createToken } from '@/server/users/create-token.ts';
import { GET, POST } from './route.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-route-'));
const HOST = 'localhost:3000';
const OWN = { origin: `http://${HOST}`, 'content-type': 'application/json' };

beforeAll(() => {
  vi.stubEnv('PLUMBLINE_DATA', folder);
  vi.stubEnv('LOG_LEVEL', 'silent');
});
afterAll(() => {
  appDatabase().$client.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

function post(procedure: string, body: string, headers: Record<string, string> = OWN): Promise<Response> {
  const url = `http://${HOST}/api/trpc/${procedure}`;
  return POST(new Request(url, { method: 'POST', headers: { host: HOST, ...headers }, body }));
}
const get = (procedure: string, headers: Record<string, string> = {}) =>
  GET(new Request(`http://${HOST}/api/trpc/${procedure}`, { headers: { host: HOST, ...headers } }));

describe('/api/trpc', () => {
  it('makes the owner through HTTP, whose token then reads and cannot change the account', async () => {
    const ctx = { db: appDatabase(), now: Date.now };
    const token = createOwnerLink({ ctx });
    const person = { token, name: 'O', email: 'o@example.org', password: 'correct horse battery' };
    const made = await post('users.acceptOwnerLink', JSON.stringify(person));
    expect(made.status).toBe(200);
    const { userId } = (await made.json()).result.data;
    const actor = { type: 'user', userId, isInstanceOwner: true } as const;
    const api = createToken({
      ctx: { ...ctx, actor, dataFolder: folder },
      input: { name: 'test', scopes: ['read', 'write'] },
    });
    const authorization = `Bearer ${api.token}`;
    expect((await get('users.me', { authorization })).status).toBe(200);
    expect((await get('users.tokens', { authorization })).status).toBe(403);
    const json = { 'content-type': 'application/json', authorization };
    const change = await post('users.changePassword', '{"newPassword":"another long one"}', json);
    expect(change.status).toBe(403);
  });

  it('answers 401 to nobody and to a wrong token', async () => {
    expect((await get('users.me')).status).toBe(401);
    expect((await get('users.me', { authorization: 'Bearer plb_wrong' })).status).toBe(401);
  });

  it('refuses changes from other sites, and what is not JSON', async () => {
    const body = '{"token":"x","name":"x","email":"x@example.org","password":"xxxxxxxxxxxx"}';
    const strange = await post('users.acceptOwnerLink', body, { ...OWN, origin: 'http://evil.example' });
    expect(strange.status).toBe(403);
    const form = await post('users.acceptOwnerLink', body, { ...OWN, 'content-type': 'text/plain' });
    expect(form.status).toBe(400);
    // from here the same body gets as far as the verb
    expect((await post('users.acceptOwnerLink', body)).status).toBe(412);
  });

  it('refuses a batch of more than twenty calls, whoever sends it', async () => {
    const batch = (n: number) =>
      get(`${Array.from({ length: n }, () => 'users.me').join(',')}?batch=1&input={}`);
    expect((await batch(20)).status).toBe(401);
    const refused = await batch(21);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toMatch(/21 calls, expected 20 at most/);
  });

  it('refuses a change asked for by GET', async () => {
    expect((await get('users.acceptOwnerLink?input={}')).status).toBe(405);
  });

  it('refuses a body beyond a megabyte', async () => {
    expect((await post('users.acceptOwnerLink', `"${'x'.repeat(1024 * 1024)}"`)).status).toBe(413);
  });

  it('says what is wrong with the input, and shows no stack', async () => {
    const answer = await post('users.acceptOwnerLink', '{"token":1}');
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(text).toContain('password');
    expect(text).not.toMatch(/\.ts:\d+|node_modules/);
  });
});
