import type { DataKind, DataOf } from '../../../trainer/data/types.ts';
import { areToyPrompts } from '../../../trainer/toy-world/prompts.ts';
import type { Ctx } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import type { Run } from '../../runs/internal.ts';
import {
  promptExamplesOf,
  rankedExamplesOf,
  sftExamplesOf,
  textExamplesOf,
} from '../../runs/training-data.ts';
import { getSnapshotInProject, type Snapshot } from '../../snapshots/internal.ts';

/** A run draws from at most this many prompts, so that memory stays bounded. */
const MAX_PROMPTS = 100_000;
const MAX_EVAL_PROMPTS = 64;

type Making<Kind extends DataKind> = (
  ctx: Ctx,
  run: Run,
  wanted: { referencePrompts: number },
) => Promise<DataOf[Kind]>;

const MAKING: { [Kind in DataKind]: Making<Kind> } = {
  async texts(ctx, run) {
    const texts = textExamplesOf(ctx.db, rowsOf(run));
    requireSome(texts, 'imported answers to prompts of the training split');
    return { texts };
  },
  async demonstrations(ctx, run) {
    const examples = await sftExamplesOf(ctx, snapshotOf(ctx, run));
    requireSome(examples, 'judgments with one best answer in the snapshot');
    return { examples };
  },
  async rankings(ctx, run, { referencePrompts: limit }) {
    const examples = await rankedExamplesOf(ctx, snapshotOf(ctx, run));
    requireSome(examples, 'rankable judgments in the snapshot');
    const referencePrompts = promptExamplesOf(ctx.db, { ...rowsOf(run), split: 'train', limit });
    return { examples, referencePrompts };
  },
  async prompts(ctx, run) {
    const prompts = promptExamplesOf(ctx.db, { ...rowsOf(run), split: 'train', limit: MAX_PROMPTS });
    requireSome(prompts, 'prompts of the training split');
    const held = { ...rowsOf(run), split: 'heldout', limit: MAX_EVAL_PROMPTS } as const;
    const evalPrompts = promptExamplesOf(ctx.db, held);
    const trueReward = areToyPrompts([...prompts, ...evalPrompts]) ? 'toy-world' : null;
    return { prompts, evalPrompts, score: 'model', trueReward };
  },
};

/** What a run of a project trains on. Throws `conflict` when a file was changed, `invalid` when there is nothing. */
export function examplesOf<Kind extends DataKind>(
  kind: Kind,
  ...[ctx, run, wanted]: Parameters<Making<Kind>>
): Promise<DataOf[Kind]> {
  return MAKING[kind](ctx, run, wanted);
}

/** What is imported while a run waits or is interrupted is not its data: a resumed half must see the same rows. */
function rowsOf({ projectId, createdAt: until }: Run) {
  return { projectId, until };
}

function requireSome(rows: unknown[], what: string): void {
  if (rows.length === 0) throw new DomainError('invalid', `There is nothing to train on: no ${what}.`);
}

function snapshotOf(ctx: Ctx, run: Run): Snapshot {
  if (run.snapshotId === null)
    throw new DomainError('invalid', `Run ${run.id} (${run.recipe}) names no snapshot.`);
  return getSnapshotInProject(ctx, { projectId: run.projectId, snapshotId: run.snapshotId });
}
