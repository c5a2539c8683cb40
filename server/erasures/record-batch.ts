import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { forgetSalts, type RowKey } from './forget-salts.ts';
import { BATCH_ACTION, type Erasure } from './internal.ts';

/** Records a batch of an erasure, and forgets the salts of what its rows said before. Call in its transaction, after its writes. */
export function recordBatch(
  ctx: Ctx,
  { id, subjectId: subject, projectId }: Erasure,
  { keys, ...figures }: { keys: readonly RowKey[] } & Record<string, unknown>,
): void {
  const payload = { erasure: id, ...figures };
  appendAudit(ctx, { action: BATCH_ACTION, subject, projectId, payload });
  forgetSalts(ctx.db, keys);
}
