import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Db } from '../db/client.ts';
import { prepared } from '../db/prepared.ts';
import { memberships, projects } from '../db/schema/projects.ts';
import type { Role } from '../lib/roles.ts';
import { DomainError } from './errors.ts';
import { mayInArchive, type Permission, roleMay } from './permissions.ts';

export type Actor =
  | {
      type: 'user';
      userId: string;
      isInstanceOwner: boolean;
      /** set when the request came with a session's cookie */
      sessionId?: string;
      /** set when the request came with an API token instead of a session: scopes narrow what the person may do */
      token?: { id: string; scopes: readonly string[] };
    }
  | { type: 'anonymous' }
  | { type: 'job'; jobId: string }
  | { type: 'system' };

/** Everything a verb needs: a person, a job and a test call the same verb with different contexts. */
export type Ctx = {
  db: Db;
  actor: Actor;
  /** folder for files: imports, snapshots, runs */
  dataFolder: string;
  /** where a request came from, as far as anybody vouches for it */
  address?: string;
  /** UTC ms; tests set it */
  now: () => number;
};

/** How the audit log names the actor. */
export function actorName(actor: Actor): string {
  if (actor.type === 'user') return `user:${actor.userId}`;
  return actor.type === 'job' ? `job:${actor.jobId}` : actor.type;
}

/** The signed-in person's id. Throws `unauthenticated` for anybody else. */
export function requireUser(ctx: Pick<Ctx, 'actor'>): string {
  if (ctx.actor.type !== 'user') throw new DomainError('unauthenticated', 'Please sign in.');
  return ctx.actor.userId;
}

/** The id of the installation's owner. Throws `forbidden` for anybody else who is signed in. */
export function requireInstanceOwner(ctx: Pick<Ctx, 'actor'>): string {
  const userId = requireUser(ctx);
  if (ctx.actor.type !== 'user' || !ctx.actor.isInstanceOwner) {
    throw new DomainError('forbidden', 'Only the owner of this installation may do this.');
  }
  return userId;
}

/** Role of the actor in a project: null for strangers; jobs and the system act as owner. */
export function roleIn(ctx: Pick<Ctx, 'db' | 'actor'>, projectId: string): Role | null {
  if (ctx.actor.type === 'anonymous') return null;
  if (ctx.actor.type !== 'user' || ctx.actor.isInstanceOwner) return 'owner';
  const row = ctx.db
    .select({ role: memberships.role })
    .from(memberships)
    .where(
      and(
        eq(memberships.projectId, projectId),
        eq(memberships.userId, ctx.actor.userId),
        isNull(memberships.removedAt),
      ),
    )
    .get();
  return row?.role ?? null;
}

/**
 * Throws `not-found` to strangers (they should not learn that the project exists) and `forbidden` to members whose role
 * lacks the right; `conflict` for what is not done in an archived project.
 */
export function requirePermission(
  ctx: Pick<Ctx, 'db' | 'actor'>,
  projectId: string,
  permission: Permission,
): Role {
  const role = roleIn(ctx, projectId);
  if (role === null) throw new DomainError('not-found', `No project ${projectId}.`);
  if (!roleMay(role, permission)) {
    throw new DomainError(
      'forbidden',
      `Your role in this project is ${role}, which may not do this (${permission}).`,
    );
  }
  if (!mayInArchive(permission) && isArchived(ctx, projectId)) {
    throw new DomainError(
      'conflict',
      'This project is archived: nothing in it is written. Its owner may bring it back.',
    );
  }
  return role;
}

const findArchived = (db: Db) =>
  db
    .select({ archivedAt: projects.archivedAt })
    .from(projects)
    .where(eq(projects.id, sql.placeholder('projectId')))
    .prepare();

function isArchived({ db }: Pick<Ctx, 'db'>, projectId: string): boolean {
  return (prepared(db, findArchived).get({ projectId })?.archivedAt ?? null) !== null;
}
