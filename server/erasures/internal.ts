import type { ERASED_KINDS } from '../../db/schema/erasures.ts';
import { erasures } from '../../db/schema/erasures.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { enqueueJob } from '../jobs/queue.ts';

export type Erasure = typeof erasures.$inferSelect;

/** What stands where a text was. */
export const ERASED_TEXT = '(erased)';
export const ERASED_NAME = 'Erased person';
/** The actions by which verify knows that something was erased on purpose. */
export const ASK_ACTION = 'erasures.ask';
export const DONE_ACTION = 'erasures.done';
export const BATCH_ACTION = 'erasures.batch';

/** In place of the hash of a text that is gone, which would tell whoever guesses the text that they are right. */
export const erasedHash = (id: string): string => `erased:${id}`;

/**
 * Writes down that something is to be erased and queues the work. Call inside the transaction that has checked the right to it, and
 * that it can be (require-erasable.ts).
 */
export function beginErasure(
  ctx: Ctx,
  asked: {
    kind: (typeof ERASED_KINDS)[number];
    subjectId: string;
    projectId: string | null;
    reason: string;
    createdBy: string;
  },
): string {
  const { kind, subjectId, projectId, reason } = asked;
  const now = ctx.now();
  const id = newId('ers', now);
  ctx.db
    .insert(erasures)
    .values({ id, ...asked, createdAt: now })
    .run();
  appendAudit(ctx, {
    action: ASK_ACTION,
    subject: subjectId,
    projectId,
    payload: { erasure: id, kind, reason },
  });
  enqueueJob(ctx, { kind: 'erase', payload: { erasureId: id } });
  return id;
}
