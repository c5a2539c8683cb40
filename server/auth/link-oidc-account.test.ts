import { eq } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { users } from '../../db/schema/users.ts';
import { createTestDb, seedProject } from '../../db/testing.ts';
import { createInvite } from '../projects/create-invite.ts';
import { linkOidcAccount } from './link-oidc-account.ts';

let db: Db;
let known: string;
let inviteToken: string;

beforeEach(() => {
  db = createTestDb();
  const { projectId, userIds } = seedProject(db);
  known = userIds.researcher;
  inviteToken = createInvite({
    ctx: {
      db,
      actor: { type: 'user', userId: userIds.owner, isInstanceOwner: false },
      dataFolder: '/nonexistent',
      now: Date.now,
    },
    input: { projectId, role: 'annotator' },
  }).token;
});
const link = (sub: string, profile: object, token: string | null = null) =>
  linkOidcAccount({ db, now: Date.now }, { providerAccountId: sub, profile, inviteToken: token })?.userId ??
  null;

describe('linkOidcAccount', () => {
  it('links by verified address once, then by the provider’s id whatever the address becomes', () => {
    expect(link('sub-1', { email: `${known.toUpperCase()}@example.org`, email_verified: true })).toBe(known);
    expect(link('sub-1', { email: 'new@example.org', email_verified: false })).toBe(known);
  });

  it.each([
    [
      'an unverified address of somebody known',
      () => ({ email: `${known}@example.org`, email_verified: false }),
    ],
    ['an address verified by no word of the provider', () => ({ email: `${known}@example.org` })],
    ['the text "true"', () => ({ email: `${known}@example.org`, email_verified: 'true' })],
    ['a verified address of nobody known', () => ({ email: 'new@example.org', email_verified: true })],
    ['no address', () => ({})],
  ])('lets nobody in with %s', (_, profile) => {
    expect(link('sub-1', profile())).toBeNull();
  });

  it('makes a user, who is member of nothing yet, for a good invitation only', () => {
    const profile = { email: 'new@example.org', email_verified: true, name: 'New' };
    expect(link('sub-1', profile, 'forged')).toBeNull();
    const userId = link('sub-1', profile, inviteToken);
    expect(
      db
        .select()
        .from(users)
        .where(eq(users.id, userId ?? ''))
        .get(),
    ).toMatchObject({
      name: 'New',
      passwordHash: null,
      isInstanceOwner: false,
    });
  });

  it('keeps disabled people out, linked or not', () => {
    const profile = { email: `${known}@example.org`, email_verified: true };
    link('sub-1', profile);
    db.update(users).set({ disabledAt: 1 }).where(eq(users.id, known)).run();
    expect(link('sub-1', profile)).toBeNull();
    expect(link('sub-2', profile, inviteToken)).toBeNull();
  });
});
