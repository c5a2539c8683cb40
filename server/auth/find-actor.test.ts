import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { apiTokens, sessions } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { beginSession } from '../sessions/begin.ts';
import { createToken } from '../users/create-token.ts';
import { revokeToken } from '../users/revoke-token.ts';
import { setDisabled } from '../users/set-disabled.ts';
import { actorOfSession, actorOfToken } from './find-actor.ts';

let db: Db;
let userId: string;
const NOW = 1_700_000_000_000;

beforeEach(() => {
  db = createTestDb();
  userId = seedProject(db).userIds.researcher;
});
const asUser = (id: string, isInstanceOwner = false) => ({
  db,
  actor: { type: 'user' as const, userId: id, isInstanceOwner },
  dataFolder: '/nonexistent',
  now: () => NOW,
});

describe('actorOfSession', () => {
  let dataFolder: string;
  let now: number;
  beforeAll(() => {
    dataFolder = mkdtempSync(path.join(tmpdir(), 'plumbline-actor-'));
  });
  afterAll(() => rmSync(dataFolder, { recursive: true, force: true }));
  beforeEach(() => {
    now = NOW;
  });
  const ctx = () => ({ db, dataFolder, now: () => now });
  const begin = () => beginSession({ ctx: ctx(), input: { userId, address: '192.0.2.1', userAgent: '' } });
  const typeOf = (sessionId: string) => actorOfSession(ctx(), { userId, sessionId }).type;

  it('knows the person of a living session, and notes to the minute that it was seen', () => {
    const { sessionId } = begin();
    now += 59_000;
    expect(actorOfSession(ctx(), { userId, sessionId })).toEqual({
      type: 'user',
      userId,
      isInstanceOwner: false,
      sessionId,
    });
    expect(db.select().from(sessions).get()?.lastSeenAt).toBe(NOW);
    now += 2000;
    expect(typeOf(sessionId)).toBe('user');
    expect(db.select().from(sessions).get()?.lastSeenAt).toBe(now);
  });

  it('takes nobody for a missing claim, an unknown session, that of another person, or one that expired', () => {
    const { sessionId } = begin();
    expect(actorOfSession(ctx(), null)).toEqual({ type: 'anonymous' });
    expect(typeOf('ses_gone')).toBe('anonymous');
    expect(actorOfSession(ctx(), { userId: 'usr_other', sessionId }).type).toBe('anonymous');
    now += 31 * 86_400_000;
    expect(typeOf(sessionId)).toBe('anonymous');
  });

  it('ends with disabling for good: who is enabled again signs in anew', () => {
    const { sessionId } = begin();
    const owner = asUser('usr_other', true);
    setDisabled({ ctx: owner, input: { userId, isDisabled: true } });
    expect(typeOf(sessionId)).toBe('anonymous');
    setDisabled({ ctx: owner, input: { userId, isDisabled: false } });
    expect(typeOf(sessionId)).toBe('anonymous');
    expect(typeOf(begin().sessionId)).toBe('user');
  });
});

describe('actorOfToken', () => {
  it('is the person within the scopes, and notes the use; only a hash is stored', () => {
    const { id, token } = createToken({ ctx: asUser(userId), input: { name: 'script', scopes: ['read'] } });
    expect(token).toMatch(/^plb_[\w-]{43}$/);
    expect(actorOfToken({ db, now: () => NOW }, token)).toEqual({
      type: 'user',
      userId,
      isInstanceOwner: false,
      token: { id, scopes: ['read'] },
    });
    const row = db.select().from(apiTokens).get();
    expect(row?.lastUsedAt).toBe(NOW);
    expect(JSON.stringify(row)).not.toContain(token.slice(4));
  });

  it('refuses revoked, unknown and malformed tokens, and those of disabled people, with one message', () => {
    const ctx = asUser(userId);
    const revoked = createToken({ ctx, input: { name: 'a', scopes: ['read'] } });
    revokeToken({ ctx, input: { tokenId: revoked.id } });
    const orphaned = createToken({ ctx, input: { name: 'b', scopes: ['read'] } });
    setDisabled({ ctx: asUser('usr_other', true), input: { userId, isDisabled: true } });
    for (const token of [
      revoked.token,
      orphaned.token,
      `plb_${'x'.repeat(43)}`,
      'x',
      '',
      'plb_'.repeat(1000),
    ]) {
      expect(() => actorOfToken({ db, now: () => NOW }, token)).toThrow(
        'This API token is unknown or was revoked.',
      );
    }
  });

  it("lets nobody revoke somebody else's token", () => {
    const { id } = createToken({ ctx: asUser(userId), input: { name: 'a', scopes: ['read'] } });
    expect(() => revokeToken({ ctx: asUser('usr_other', true), input: { tokenId: id } })).toThrow(
      'You have no such token.',
    );
  });
});
