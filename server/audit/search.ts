import { and, desc, eq, gte, like, lt, ne, or, type SQL } from 'drizzle-orm';
import { auditLog } from '../../db/schema/audit-log.ts';
import { actorName, type Ctx } from '../context.ts';
import type { AuditFilter } from './schemas.ts';

const HASH = /^[0-9a-f]{8,64}$/i;
const NUMBER = /^#?(\d{1,15})$/;
const ID = /^[a-z]{3}_[a-z0-9]+$/;

/**
 * The records of a project that a filter wants, newest first. `search` is a number (#12), a hash or its beginning, an id (of a
 * person: what they did and what was done to them), a person's pseudonym or name as `labels` has them, or the beginning of
 * an action; what of these it is follows from its form.
 */
export function searchAudit(
  ctx: Ctx,
  filter: AuditFilter & { before?: number | null; limit: number },
  labels: Map<string, string>,
): (typeof auditLog.$inferSelect)[] {
  const { projectId, action, actor, subject, from, until, search, hideOwnReads, before, limit } = filter;
  return ctx.db
    .select()
    .from(auditLog)
    .where(
      and(
        eq(auditLog.projectId, projectId),
        action ? beginsWith(action) : undefined,
        actor ? eq(auditLog.actor, actor) : undefined,
        subject ? eq(auditLog.subject, subject) : undefined,
        from === undefined ? undefined : gte(auditLog.at, from),
        until === undefined ? undefined : lt(auditLog.at, until),
        search ? meaning(search.trim(), labels) : undefined,
        hideOwnReads
          ? or(ne(auditLog.action, 'audit.read'), ne(auditLog.actor, actorName(ctx.actor)))
          : undefined,
        before == null ? undefined : lt(auditLog.seq, before),
      ),
    )
    .orderBy(desc(auditLog.seq))
    .limit(limit)
    .all();
}

function meaning(text: string, labels: Map<string, string>): SQL | undefined {
  if (text === '') return undefined;
  const number = NUMBER.exec(text)?.[1];
  // a number of eight digits may be the beginning of a hash as well
  const asNumber = number === undefined ? [] : [eq(auditLog.seq, Number(number))];
  const hash = text.toLowerCase();
  const asHash = HASH.test(text) ? [and(gte(auditLog.hash, hash), lt(auditLog.hash, `${hash}g`))] : [];
  if (asNumber.length + asHash.length > 0) return or(...asNumber, ...asHash);
  if (ID.test(text)) {
    return or(
      eq(auditLog.subject, text),
      eq(auditLog.actor, `user:${text}`),
      eq(auditLog.actor, `job:${text}`),
    );
  }
  const wanted = text.toLowerCase();
  const people = [...labels].filter(([, label]) => isCalled(label.toLowerCase(), wanted));
  const byPeople = people.map(([userId]) => eq(auditLog.actor, `user:${userId}`));
  return or(beginsWith(text), eq(auditLog.actor, text), eq(auditLog.subject, text), ...byPeople);
}

/** A pseudonym is meant whole (A1 is not A12); of a name any part will do. */
function isCalled(label: string, wanted: string): boolean {
  const [, name = '', pseudonym = label] = /^(.*) \((\S+)\)$/.exec(label) ?? [];
  return pseudonym === wanted || (name !== '' && name.includes(wanted));
}

const beginsWith = (action: string) => like(auditLog.action, `${action.replace(/[%_]/g, '')}%`);
