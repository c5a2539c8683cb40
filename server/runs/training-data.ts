/** Rows of the database as the trainer's examples. Split is the prompt's own, so held-out prompts are never fitted. */
import { and, asc, eq, lte } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { snapshotJudgments } from '../../db/schema/snapshots.ts';
import { taskResponses, tasks } from '../../db/schema/tasks.ts';
import type { PromptExample, RankedExample, SftExample, TextExample } from '../../trainer/data/types.ts';

/** Llama 2 (arXiv:2307.09288, table 27, small margins): significantly 1, better 2/3, slightly 1/3, no difference 0. */
const MARGIN_PER_STRENGTH = 1 / 3;

/** Judgments of a snapshot as ranked examples, in order of id; those marked not rankable have no ranking and are left out. */
export function rankedExamplesOf(db: Db, snapshotId: string): RankedExample[] {
  const rows = db
    .select({ judgment: judgments, messages: prompts.messages, split: prompts.split })
    .from(snapshotJudgments)
    .innerJoin(judgments, eq(judgments.id, snapshotJudgments.judgmentId))
    .innerJoin(tasks, eq(tasks.id, judgments.taskId))
    .innerJoin(prompts, eq(prompts.id, tasks.promptId))
    .where(and(eq(snapshotJudgments.snapshotId, snapshotId), eq(judgments.notRankable, false)))
    .orderBy(asc(judgments.id))
    .all();
  const contents = responseContents(db, snapshotId);
  return rows.map(({ judgment, messages, split }) => {
    const ids = judgment.ranking.flat();
    const ranks = judgment.ranking.flatMap((group, rank) => group.map(() => rank));
    return {
      id: judgment.id,
      prompt: messages,
      responses: ids.map((id) => {
        const content = contents.get(id);
        if (content === undefined)
          throw new Error(`judgment ${judgment.id} ranks response ${id}, which is not of its task`);
        return content;
      }),
      ranks,
      margin: Math.abs(judgment.strength ?? 0) * MARGIN_PER_STRENGTH,
      split,
    };
  });
}

/** The best-ranked answer to each prompt of a snapshot, to imitate. Where judgments disagree every winner is kept once. */
export function sftExamplesOf(db: Db, snapshotId: string): SftExample[] {
  const seen = new Set<string>();
  const examples: SftExample[] = [];
  for (const { prompt, responses: answers, ranks, split } of rankedExamplesOf(db, snapshotId)) {
    const best = answers[0];
    // two equal firsts say nothing about which answer to imitate
    if (best === undefined || ranks[1] === 0) continue;
    const key = JSON.stringify([prompt, best]);
    if (seen.has(key)) continue;
    seen.add(key);
    examples.push({ prompt, completion: best, split });
  }
  return examples;
}

/** Prompts of a project on one side of the split that were there at `until` (UTC ms), in order of id. */
export function promptExamplesOf(
  db: Db,
  {
    projectId,
    split,
    until,
    limit,
  }: { projectId: string; split: 'train' | 'heldout'; until: number; limit: number },
): PromptExample[] {
  return db
    .select({ id: prompts.id, prompt: prompts.messages })
    .from(prompts)
    .where(and(eq(prompts.projectId, projectId), eq(prompts.split, split), lte(prompts.createdAt, until)))
    .orderBy(asc(prompts.id))
    .limit(limit)
    .all();
}

/** Imported prompts of the training side with their imported answers, as plain text. */
export function textExamplesOf(
  db: Db,
  { projectId, until }: { projectId: string; until: number },
): TextExample[] {
  return db
    .select({ messages: prompts.messages, content: responses.content })
    .from(responses)
    .innerJoin(prompts, eq(prompts.id, responses.promptId))
    .where(
      and(
        eq(prompts.projectId, projectId),
        eq(prompts.split, 'train'),
        eq(responses.origin, 'imported'),
        lte(responses.createdAt, until),
      ),
    )
    .orderBy(asc(responses.id))
    .all()
    .map(({ messages, content }) => ({
      text: [...messages.map((message) => message.content), content].join('\n'),
    }));
}

function responseContents(db: Db, snapshotId: string): Map<string, string> {
  const rows = db
    .selectDistinct({ id: responses.id, content: responses.content })
    .from(snapshotJudgments)
    .innerJoin(judgments, eq(judgments.id, snapshotJudgments.judgmentId))
    .innerJoin(taskResponses, eq(taskResponses.taskId, judgments.taskId))
    .innerJoin(responses, eq(responses.id, taskResponses.responseId))
    .where(eq(snapshotJudgments.snapshotId, snapshotId))
    .all();
  return new Map(rows.map(({ id, content }) => [id, content]));
}
