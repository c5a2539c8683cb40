import { eq } from 'drizzle-orm';
import type { Message } from '../../db/schema/prompts.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { openSnapshot } from './internal.ts';
import { isAllTied, marginOf } from './raw-row.ts';

/** What the trainer calls a RankedExample (trainer/data/types.ts). `ranks[i]` is the place of response i, 0 = best, equal = tie. */
export type SnapshotExample = {
  /** the judgment's id: training is traced to it */
  id: string;
  prompt: Message[];
  /** in the order shown to the annotator */
  responses: string[];
  ranks: number[];
  /** wanted distance of the scores for a pair, 0 = unknown */
  margin: number;
  split: 'train' | 'heldout';
};

/**
 * The judgments of a snapshot as training rows, read from its frozen file after checking every byte of it. Judgments in
 * which nothing is better than anything are left out: they have no pair to learn from. Throws when the file was altered.
 */
export async function readSnapshotExamples({
  ctx,
  snapshotId,
}: {
  ctx: Pick<Ctx, 'db' | 'dataFolder'>;
  snapshotId: string;
}): Promise<SnapshotExample[]> {
  const snapshot = ctx.db.select().from(snapshots).where(eq(snapshots.id, snapshotId)).get();
  if (!snapshot) throw new DomainError('not-found', `No snapshot ${snapshotId}.`);
  const { rows } = await openSnapshot(ctx, snapshot);
  const examples: SnapshotExample[] = [];
  for await (const row of rows()) {
    if (isAllTied(row)) continue;
    const texts = new Map(row.responses.map((response) => [response.response_id, response.text]));
    examples.push({
      id: row.judgment_id,
      prompt: row.prompt,
      responses: row.shown_order.map((id) => texts.get(id) ?? ''),
      ranks: row.shown_order.map((id) => row.ranking.findIndex((group) => group.includes(id))),
      margin: marginOf(row),
      split: row.split,
    });
  }
  return examples;
}
