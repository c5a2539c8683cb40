import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm';
import { auditLog } from '../../db/schema/audit-log.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import { taskResponses, tasks } from '../../db/schema/tasks.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { roleMay } from '../permissions.ts';
import { personLabels } from '../projects/person-labels.ts';
import type { Judgment } from './internal.ts';
import type { GetJudgmentInput } from './schemas.ts';

/**
 * One judgment in full: what was shown in which order, what was said and when, its other revisions, the snapshots that hold
 * it, and its audit records for those who may read the log (null for others). Throws `not-found`.
 */
export function getJudgment({ ctx, input }: { ctx: Ctx; input: GetJudgmentInput }) {
  const { projectId, judgmentId } = input;
  const role = requirePermission(ctx, projectId, 'judgments.read');
  const found = ctx.db
    .select({ judgment: judgments, prompt: prompts, kind: tasks.kind })
    .from(judgments)
    .innerJoin(tasks, eq(tasks.id, judgments.taskId))
    .innerJoin(prompts, eq(prompts.id, tasks.promptId))
    .where(and(eq(judgments.id, judgmentId), eq(judgments.projectId, projectId)))
    .get();
  if (!found) throw new DomainError('not-found', `No judgment ${judgmentId} in this project.`);
  const { judgment, prompt, kind } = found;
  const { idempotencyKey: _key, annotatorId, ...said } = judgment;
  const revisions = revisionsOf(ctx, judgment);
  const ids = revisions.map((revision) => revision.judgmentId);
  const label =
    annotatorId === null
      ? (judgment.given?.annotator ?? 'imported')
      : (personLabels(ctx, projectId, { seesNames: role === 'owner', userIds: [annotatorId] }).get(
          annotatorId,
        ) ?? '?');
  return {
    ...said,
    person: { userId: annotatorId, label },
    taskKind: kind,
    prompt: { promptId: prompt.id, messages: prompt.messages, split: prompt.split },
    responses: shownResponses(ctx, judgment),
    revisions,
    snapshots: ctx.db
      .select({
        snapshotId: snapshots.id,
        number: snapshots.number,
        judgmentId: snapshotJudgments.judgmentId,
      })
      .from(snapshotJudgments)
      .innerJoin(snapshots, eq(snapshots.id, snapshotJudgments.snapshotId))
      .where(inArray(snapshotJudgments.judgmentId, ids))
      .orderBy(desc(snapshots.number))
      .all(),
    audit: roleMay(role, 'audit.read')
      ? ctx.db
          .select()
          .from(auditLog)
          .where(
            // by subject: the records of one project are many
            and(inArray(auditLog.subject, ids), sql`+${auditLog.projectId} = ${projectId}`),
          )
          .orderBy(asc(auditLog.seq))
          .all()
      : null,
  };
}

function revisionsOf(ctx: Ctx, { id, annotatorId, taskId, revision, submittedAt }: Judgment) {
  // an imported judgment has no revisions: a file that says otherwise is another vote
  if (annotatorId === null) return [{ judgmentId: id, revision, submittedAt }];
  return ctx.db
    .select({
      judgmentId: judgments.id,
      revision: judgments.revision,
      submittedAt: judgments.submittedAt,
    })
    .from(judgments)
    .where(and(eq(judgments.taskId, taskId), eq(judgments.annotatorId, annotatorId)))
    .orderBy(asc(judgments.revision))
    .all();
}

/** The responses in the order in which this person saw them, with who wrote each. */
function shownResponses(ctx: Ctx, { taskId, shownOrder, given }: Judgment) {
  const rows = ctx.db
    .select({ response: responses })
    .from(taskResponses)
    .innerJoin(responses, eq(responses.id, taskResponses.responseId))
    .where(eq(taskResponses.taskId, taskId))
    .all();
  const byId = new Map(rows.map(({ response }) => [response.id, response]));
  return shownOrder.flatMap((id) => {
    const response = byId.get(id);
    if (response === undefined) return [];
    const { content, origin, checkpointId } = response;
    const model = given?.responses?.[id]?.model ?? response.model;
    return [{ responseId: id, content, origin, checkpointId, model }];
  });
}
