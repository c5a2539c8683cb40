/** Rows of the database as the trainer's examples. Split is the prompt's own, so held-out prompts are never fitted. */
import { and, asc, eq, isNull, lte } from 'drizzle-orm';
import type { Db } from '../../db/client.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import { unpairedLabels } from '../../lib/unpaired-labels.ts';
import type {
  PromptExample,
  RankedExample,
  SftExample,
  TextExample,
  UnpairedExample,
} from '../../trainer/data/types.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { openSnapshot, type Snapshot } from '../snapshots/internal.ts';
import { marginOf, type RawRow } from '../snapshots/raw-row.ts';

/**
 * Judgments of a snapshot as ranked examples, in the file's order, after checking every byte of it. Ties stay: the reward
 * recipe fits them as such unless told otherwise. Those marked not rankable have no ranking and are left out, as are labels of
 * single answers, which compare nothing. Throws `conflict` when the snapshot was altered.
 */
export async function rankedExamplesOf(
  ctx: Pick<Ctx, 'db' | 'dataFolder'>,
  snapshot: Snapshot,
): Promise<RankedExample[]> {
  const examples: RankedExample[] = [];
  for await (const row of await rowsOf(ctx, snapshot)) {
    if (row.not_rankable || row.responses.length < 2) continue;
    const texts = new Map(row.responses.map((response) => [response.response_id, response.text]));
    const ranked = row.ranking.flatMap((group, rank) => group.map((id) => ({ id, rank })));
    examples.push({
      id: row.judgment_id,
      prompt: row.prompt,
      responses: ranked.map(({ id }) => textOf(row, texts, id)),
      ranks: ranked.map(({ rank }) => rank),
      margin: marginOf(row),
      split: row.split,
    });
  }
  return examples;
}

/** The best-ranked answer to each prompt of a snapshot, to imitate. Where judgments disagree every winner is kept once. */
export async function sftExamplesOf(
  ctx: Pick<Ctx, 'db' | 'dataFolder'>,
  snapshot: Snapshot,
): Promise<SftExample[]> {
  const seen = new Set<string>();
  const examples: SftExample[] = [];
  for (const { id, prompt, responses: answers, ranks, split } of await rankedExamplesOf(ctx, snapshot)) {
    const best = answers[0];
    // two equal firsts say nothing about which answer to imitate
    if (best === undefined || ranks[1] === 0) continue;
    const key = JSON.stringify([prompt, best]);
    if (seen.has(key)) continue;
    seen.add(key);
    examples.push({ prompt, completion: best, split, at: `judgment ${id}` });
  }
  return examples;
}

/**
 * Answers of a snapshot with a label each, after checking every byte of it: from rankings, from ties called both good or both
 * bad, and from flags (lib/unpaired-labels.ts). Plain ties and those marked not rankable say nothing of one answer alone.
 */
export async function unpairedExamplesOf(
  ctx: Pick<Ctx, 'db' | 'dataFolder'>,
  snapshot: Snapshot,
): Promise<UnpairedExample[]> {
  const examples: UnpairedExample[] = [];
  for await (const row of await rowsOf(ctx, snapshot)) {
    if (row.not_rankable) continue;
    const texts = new Map(row.responses.map((response) => [response.response_id, response.text]));
    const { ranking, tie_kind: tieKind, flags } = row;
    for (const { responseId, label } of unpairedLabels({ ranking, tieKind, flags }).labels) {
      examples.push({
        id: `${row.judgment_id}-${responseId}`,
        prompt: row.prompt,
        completion: textOf(row, texts, responseId),
        isDesirable: label,
        split: row.split,
      });
    }
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
    .where(
      and(
        eq(prompts.projectId, projectId),
        eq(prompts.split, split),
        lte(prompts.createdAt, until),
        isNull(prompts.erasedAt),
      ),
    )
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
        isNull(responses.erasedAt),
      ),
    )
    .orderBy(asc(responses.id))
    .all()
    .map(({ messages, content }) => ({
      text: [...messages.map((message) => message.content), content].join('\n'),
    }));
}

async function rowsOf(
  ctx: Pick<Ctx, 'db' | 'dataFolder'>,
  snapshot: Snapshot,
): Promise<AsyncIterable<RawRow>> {
  const { rows } = await openSnapshot(ctx, snapshot).catch((cause: unknown) => {
    throw new DomainError('conflict', cause instanceof Error ? cause.message : String(cause), { cause });
  });
  return rows();
}

function textOf(row: RawRow, texts: ReadonlyMap<string, string>, id: string): string {
  const text = texts.get(id);
  if (text === undefined)
    throw new Error(`judgment ${row.judgment_id} ranks ${id}, which is not of its task`);
  return text;
}
