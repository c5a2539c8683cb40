import { eq } from 'drizzle-orm';
import { type Message, prompts, responses } from '../../db/schema/prompts.ts';
import { taskResponses, tasks } from '../../db/schema/tasks.ts';
import type { ResponseFlag } from '../../lib/response-flags.ts';
import type { Ctx } from '../context.ts';
import { getProjectSettings } from '../tasks/internal.ts';
import { getOwnJudgment } from './get-own.ts';
import type { GetMineInput, OwnJudgmentDetail } from './schemas.ts';

/** An own judgment (its latest revision) with its task in the order shown then, to look at or change. */
export function getOwnJudgmentDetail({ ctx, input }: { ctx: Ctx; input: GetMineInput }): OwnJudgmentDetail {
  const judgment = getOwnJudgment(ctx, input);
  const settings = getProjectSettings(ctx, input.projectId);
  const { messages } = ctx.db
    .select({ messages: prompts.messages })
    .from(tasks)
    .innerJoin(prompts, eq(prompts.id, tasks.promptId))
    .where(eq(tasks.id, judgment.taskId))
    .get() as { messages: Message[] };
  const contents = new Map(
    ctx.db
      .select({ id: responses.id, content: responses.content })
      .from(taskResponses)
      .innerJoin(responses, eq(responses.id, taskResponses.responseId))
      .where(eq(taskResponses.taskId, judgment.taskId))
      .all()
      .map((row) => [row.id, row.content]),
  );
  return {
    judgmentId: judgment.id,
    taskId: judgment.taskId,
    revision: judgment.revision,
    submittedAt: judgment.submittedAt,
    guidelineVersion: judgment.guidelineVersion,
    prompt: messages,
    responses: judgment.shownOrder.map((id) => ({ id, content: contents.get(id) ?? '' })),
    ranking: judgment.ranking,
    strength: judgment.strength,
    tieKind: judgment.tieKind,
    notRankable: judgment.notRankable,
    flags: judgment.flags as Record<string, ResponseFlag[]>,
    rationale: judgment.rationale,
    askStrength: settings.askStrength,
    requireRationale: settings.requireRationale,
  };
}
