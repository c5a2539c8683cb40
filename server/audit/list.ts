import { and, desc, eq, gte, like, lt } from 'drizzle-orm';
import { auditLog } from '../../db/schema/audit-log.ts';
import { memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { type Ctx, requirePermission } from '../context.ts';
import type { ListAuditInput } from './schemas.ts';

export type ListedRecord = {
  seq: number;
  at: number;
  actor: string;
  /** name for owners, pseudonym for everybody else */
  actorLabel: string;
  action: string;
  subject: string;
  payload: string;
  hash: string;
};

/** One page of a project's audit log, the newest first, and where the next page begins (null at the end). */
export function listAudit({ ctx, input }: { ctx: Ctx; input: ListAuditInput }): {
  records: ListedRecord[];
  nextCursor: number | null;
} {
  const { projectId, action, actor, subject, from, until, cursor, limit } = input;
  const seesNames = requirePermission(ctx, projectId, 'audit.read') === 'owner';
  const rows = ctx.db
    .select()
    .from(auditLog)
    .where(
      and(
        eq(auditLog.projectId, projectId),
        action ? like(auditLog.action, `${action.replace(/[%_]/g, '')}%`) : undefined,
        actor ? eq(auditLog.actor, actor) : undefined,
        subject ? eq(auditLog.subject, subject) : undefined,
        from === undefined ? undefined : gte(auditLog.at, from),
        until === undefined ? undefined : lt(auditLog.at, until),
        cursor == null ? undefined : lt(auditLog.seq, cursor),
      ),
    )
    .orderBy(desc(auditLog.seq))
    .limit(limit + 1)
    .all();
  const labels = actorLabels(ctx, projectId, seesNames);
  const page = rows.slice(0, limit).map(({ seq, at, actor, action, subject, payload, hash }) => ({
    seq,
    at,
    actor,
    actorLabel: labels.get(actor) ?? actor,
    action,
    subject,
    payload,
    hash,
  }));
  return { records: page, nextCursor: rows.length > limit ? (page.at(-1)?.seq ?? null) : null };
}

function actorLabels(ctx: Ctx, projectId: string, seesNames: boolean): Map<string, string> {
  const members = ctx.db
    .select({ userId: memberships.userId, pseudonym: memberships.pseudonym, name: users.name })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(eq(memberships.projectId, projectId))
    .all();
  return new Map(
    members.map(({ userId, pseudonym, name }) => [
      `user:${userId}`,
      seesNames ? `${name} (${pseudonym})` : pseudonym,
    ]),
  );
}
