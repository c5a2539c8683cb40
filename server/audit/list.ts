import { type Ctx, requirePermission } from '../context.ts';
import { personLabels } from '../projects/person-labels.ts';
import type { ListAuditInput } from './schemas.ts';
import { searchAudit } from './search.ts';

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
  const { cursor, limit, ...filter } = input;
  const seesNames = requirePermission(ctx, input.projectId, 'audit.read') === 'owner';
  const labels = personLabels(ctx, input.projectId, { seesNames });
  const rows = searchAudit(ctx, { ...filter, before: cursor, limit: limit + 1 }, labels);
  const records = rows.slice(0, limit).map(({ seq, at, actor, action, subject, payload, hash }) => ({
    ...{ seq, at, actor, action, subject, payload, hash },
    actorLabel: labels.get(actor.replace(/^user:/, '')) ?? actor,
  }));
  return { records, nextCursor: rows.length > limit ? (records.at(-1)?.seq ?? null) : null };
}
