import { type Ctx, requirePermission } from '../context.ts';
import type { ListAuditInput } from './schemas.ts';
import { actorLabels, searchAudit } from './search.ts';

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

/**
 * One page of a project's audit log, the newest first, and where the next page begins (null at the end). A page of what is rare
 * may have few records or none, and another behind it.
 */
export function listAudit({ ctx, input }: { ctx: Ctx; input: ListAuditInput }): {
  records: ListedRecord[];
  nextCursor: number | null;
} {
  const { cursor, limit, ...filter } = input;
  requirePermission(ctx, input.projectId, 'audit.read');
  const found = searchAudit(ctx, { ...filter, before: cursor ?? null, limit });
  const labels = actorLabels(ctx, input.projectId, found.records);
  const records = found.records.map(({ seq, at, actor, action, subject, payload, hash }) => ({
    ...{ seq, at, actor, action, subject, payload, hash },
    actorLabel: labels.get(actor.replace(/^user:/, '')) ?? actor,
  }));
  return { records, nextCursor: found.next };
}
