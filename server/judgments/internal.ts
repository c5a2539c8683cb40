import { eq } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { users } from '../../db/schema/users.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { Answer, JudgmentSource, Receipt } from './schemas.ts';

export type Judgment = typeof judgments.$inferSelect;

/** People marked as simulated give simulated judgments; nothing that a client sends decides it. */
export function sourceOf(ctx: Pick<Ctx, 'db'>, userId: string): JudgmentSource {
  const user = ctx.db
    .select({ isSimulated: users.isSimulated })
    .from(users)
    .where(eq(users.id, userId))
    .get();
  return user?.isSimulated ? 'simulated' : 'annotator';
}

/**
 * The receipt of an earlier submit with this key, or null. Throws `conflict` when the key was used by somebody else, for
 * another task, or with another answer.
 */
export function findReplay(
  ctx: Pick<Ctx, 'db'>,
  submit: { userId: string; taskId: string | null; idempotencyKey: string; answer: Answer },
): Receipt | null {
  const earlier = ctx.db
    .select()
    .from(judgments)
    .where(eq(judgments.idempotencyKey, submit.idempotencyKey))
    .get();
  if (!earlier) return null;
  const isSame =
    earlier.annotatorId === submit.userId &&
    earlier.taskId === submit.taskId &&
    canonicalJson(contentOf(earlier)) === canonicalJson(contentOf(submit.answer));
  if (!isSame) {
    throw new DomainError(
      'conflict',
      'idempotencyKey: this key was already used for another answer; a new answer needs a new key.',
    );
  }
  return { judgmentId: earlier.id, revision: earlier.revision, submittedAt: earlier.submittedAt };
}

/** Appends one judgment with its audit event. Call inside a transaction, after all checks. */
export function appendJudgment(
  ctx: Ctx,
  row: Omit<Judgment, 'id' | 'eventHash'>,
  action: 'judgments.record' | 'judgments.revise',
): Receipt {
  const id = newId('jdg', row.submittedAt);
  ctx.db
    .insert(judgments)
    .values({ ...row, id, eventHash: '' })
    .run();
  const event = appendAudit(ctx, {
    action,
    subject: id,
    projectId: row.projectId,
    payload: { taskId: row.taskId, revision: row.revision },
  });
  ctx.db.update(judgments).set({ eventHash: event.hash }).where(eq(judgments.id, id)).run();
  return { judgmentId: id, revision: row.revision, submittedAt: row.submittedAt };
}

/** The columns that an answer fills. A clock that runs ahead must not put an interaction into the future. */
export function answerColumns(answer: Answer, now: number) {
  return {
    ...contentOf(answer),
    firstInteractionAt: answer.firstInteractionAt === null ? null : Math.min(answer.firstInteractionAt, now),
    activeMs: answer.activeMs,
    inputKind: answer.inputKind,
  };
}

function contentOf(
  answer: Pick<Judgment, 'ranking' | 'strength' | 'tieKind' | 'notRankable' | 'flags' | 'rationale'>,
) {
  const { ranking, strength, tieKind, notRankable, rationale } = answer;
  // no flags and an empty list of flags say the same
  const flags = Object.fromEntries(
    Object.entries(answer.flags)
      .filter(([, list]) => list.length > 0)
      .map(([id, list]) => [id, [...new Set(list)].sort()]),
  );
  return { ranking, strength, tieKind, notRankable, flags, rationale };
}
