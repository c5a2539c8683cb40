import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { apiTokens, users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { createToken } from '../users/create-token.ts';
import { revokeToken } from '../users/revoke-token.ts';
import { setDisabled } from '../users/set-disabled.ts';
import { actorOfSession, actorOfToken, passwordMark } from './find-actor.ts';

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
  it('knows the person of a good token', () => {
    expect(actorOfSession({ db }, { userId, mark: passwordMark(null) })).toEqual({
      type: 'user',
      userId,
      isInstanceOwner: false,
    });
  });

  it('takes nobody for a missing token, an unknown person, or a token from before the password changed', () => {
    expect(actorOfSession({ db }, null)).toEqual({ type: 'anonymous' });
    expect(actorOfSession({ db }, { userId: 'usr_gone', mark: passwordMark(null) })).toEqual({
      type: 'anonymous',
    });
    db.update(users).set({ passwordHash: 'new' }).where(eq(users.id, userId)).run();
    expect(actorOfSession({ db }, { userId, mark: passwordMark(null) })).toEqual({ type: 'anonymous' });
  });

  it('ends with disabling and comes back with enabling', () => {
    const owner = asUser('usr_other', true);
    setDisabled({ ctx: owner, input: { userId, isDisabled: true } });
    expect(actorOfSession({ db }, { userId, mark: passwordMark(null) }).type).toBe('anonymous');
    setDisabled({ ctx: owner, input: { userId, isDisabled: false } });
    expect(actorOfSession({ db }, { userId, mark: passwordMark(null) }).type).toBe('user');
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
