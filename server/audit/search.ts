import { and, desc, eq, gte, like, lt, ne, or, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { prepared } from '../../db/prepared.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { actorName, type Ctx, requirePermission, roleIn } from '../context.ts';
import { personLabels } from '../projects/person-labels.ts';
import type { AuditFilter } from './schemas.ts';

const HASH = /^[0-9a-f]{8,64}$/i;
const NUMBER = /^#?(\d{1,15})$/;
const ID = /^[a-z]{3}_[a-z0-9]+$/;
/** ids of those who act: people and jobs */
const ACTOR_ID = /^(usr|job)_/;
/** a name that fits more people is no search for one */
const MAX_PEOPLE = 100;

/** Records of the project that one call looks at: a page that found too few asks for the next ones. */
const LOOKED_AT = 10_000;

const lastLookedAt = (db: Db) =>
  db.$client
    .prepare(
      `SELECT seq FROM audit_log WHERE project_id = ? AND seq < ? ORDER BY seq DESC LIMIT 1 OFFSET ${LOOKED_AT - 1}`,
    )
    .pluck();

/**
 * The records of a project that a filter wants, newest first. `search` is a number (#12), a hash or its beginning, an id (of a
 * person: what they did and what was done to them), a person's pseudonym or name, or the beginning of an action; what of
 * these it is follows from its form. A call looks at some thousand records: fewer than `limit` are no end while there is a
 * `next`, the sequence number before which to go on.
 */
export function searchAudit(
  ctx: Ctx,
  filter: AuditFilter & { before?: number | null; limit: number },
): { records: (typeof auditLog.$inferSelect)[]; next: number | null } {
  const { projectId, action, actor, subject, from, until, search, hideOwnReads, before, limit } = filter;
  const wanted = search ? meaning(ctx, projectId, search.trim()) : null;
  // few records have the same subject or hash: their own indexes lead to them
  const isNarrow = subject !== undefined || wanted?.isNarrow === true;
  const isFiltered = [action, actor, from, until, wanted].some((part) => part !== undefined && part !== null);
  const start = before ?? Number.MAX_SAFE_INTEGER;
  const floor =
    isFiltered && !isNarrow
      ? (prepared(ctx.db, lastLookedAt).get(projectId, start) as number | undefined)
      : 0;
  const records = ctx.db
    .select()
    .from(auditLog)
    .where(
      and(
        isNarrow ? sql`+${auditLog.projectId} = ${projectId}` : eq(auditLog.projectId, projectId),
        action ? beginsWith(action) : undefined,
        actor ? eq(auditLog.actor, actor) : undefined,
        subject ? eq(auditLog.subject, subject) : undefined,
        from === undefined ? undefined : gte(auditLog.at, from),
        until === undefined ? undefined : lt(auditLog.at, until),
        wanted?.condition,
        hideOwnReads
          ? or(ne(auditLog.action, 'audit.read'), ne(auditLog.actor, actorName(ctx.actor)))
          : undefined,
        isNarrow ? sql`+${auditLog.seq} < ${start}` : lt(auditLog.seq, start),
        floor ? gte(auditLog.seq, floor) : undefined,
      ),
    )
    .orderBy(desc(isNarrow ? sql`+${auditLog.seq}` : auditLog.seq))
    .limit(limit + 1)
    .all();
  const shown = records.slice(0, limit);
  return { records: shown, next: records.length > limit ? (shown.at(-1)?.seq ?? null) : floor || null };
}

/** What a search is for; narrow where an index leads to few records. */
function meaning(
  ctx: Ctx,
  projectId: string,
  text: string,
): { condition: SQL | undefined; isNarrow: boolean } | null {
  if (text === '') return null;
  const number = NUMBER.exec(text)?.[1];
  // a number of eight digits may be the beginning of a hash as well
  const asNumber = number === undefined ? [] : [eq(auditLog.seq, Number(number))];
  const hash = text.toLowerCase();
  const asHash = HASH.test(text) ? [and(gte(auditLog.hash, hash), lt(auditLog.hash, `${hash}g`))] : [];
  if (asNumber.length + asHash.length > 0) return { condition: or(...asNumber, ...asHash), isNarrow: true };
  if (ID.test(text)) {
    const isActor = ACTOR_ID.test(text);
    const asActor = [eq(auditLog.actor, `user:${text}`), eq(auditLog.actor, `job:${text}`)];
    const condition = or(eq(auditLog.subject, text), ...(isActor ? asActor : []));
    return { condition, isNarrow: !isActor };
  }
  const wanted = text.toLowerCase();
  const seesNames = roleIn(ctx, projectId) === 'owner';
  const people = [...personLabels(ctx, projectId, { seesNames, userIds: null })].filter(([, label]) =>
    isCalled(label.toLowerCase(), wanted),
  );
  const byPeople = people.slice(0, MAX_PEOPLE).map(([userId]) => eq(auditLog.actor, `user:${userId}`));
  const condition = or(
    ...[beginsWith(text), eq(auditLog.actor, text), eq(auditLog.subject, text)],
    ...byPeople,
  );
  return { condition, isNarrow: false };
}

/** Labels of the people who did what the records say. */
export function actorLabels(
  ctx: Ctx,
  projectId: string,
  records: readonly { actor: string }[],
): Map<string, string> {
  const seesNames = requirePermission(ctx, projectId, 'audit.read') === 'owner';
  const userIds = records.flatMap(({ actor }) => (actor.startsWith('user:') ? [actor.slice(5)] : []));
  return personLabels(ctx, projectId, { seesNames, userIds });
}

/** A pseudonym is meant whole (A1 is not A12); of a name any part will do. */
function isCalled(label: string, wanted: string): boolean {
  const [, name = '', pseudonym = label] = /^(.*) \((\S+)\)$/.exec(label) ?? [];
  return pseudonym === wanted || (name !== '' && name.includes(wanted));
}

const beginsWith = (action: string) => like(auditLog.action, `${action.replace(/[%_]/g, '')}%`);
