import { and, eq, isNull, ne } from 'drizzle-orm';
import { judgments } from '../../db/schema/judgments.ts';
import { memberships } from '../../db/schema/projects.ts';
import { seats, skips } from '../../db/schema/tasks.ts';
import { accounts, apiTokens, recoveryCodes, sessions, users } from '../../db/schema/users.ts';
import type { Ctx } from '../context.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { FREE_SEAT } from '../tasks/release.ts';
import type { RowKey } from './forget-salts.ts';
import { ERASED_NAME, type Erasure } from './internal.ts';
import { recordBatch } from './record-batch.ts';

const BATCH = 100;

/** What an erasure of a person is about: the judgments that they gave a reason for, and what is to be found nowhere any more. */
export function affectedByPerson({ db }: Pick<Ctx, 'db'>, userId: string) {
  const person = db.select().from(users).where(eq(users.id, userId)).get();
  const said = db
    .select({ id: judgments.id, rationale: judgments.rationale })
    .from(judgments)
    .where(and(eq(judgments.annotatorId, userId), ne(judgments.rationale, '')))
    .all();
  const name = person?.name === ERASED_NAME ? '' : (person?.name ?? '');
  return {
    judgmentIds: said.map(({ id }) => id),
    projectIds: projectsOf({ db }, userId),
    texts: [person?.email ?? '', name, ...said.map(({ rationale }) => rationale)],
  };
}

/** Projects that a person judged or skipped in, or is or was a member of. */
function projectsOf({ db }: Pick<Ctx, 'db'>, userId: string): string[] {
  const judged = db.selectDistinct({ id: judgments.projectId }).from(judgments);
  const member = db.select({ id: memberships.projectId }).from(memberships);
  return [
    ...new Set([
      ...judged
        .where(eq(judgments.annotatorId, userId))
        .all()
        .map(({ id }) => id),
      ...member
        .where(eq(memberships.userId, userId))
        .all()
        .map(({ id }) => id),
    ]),
  ];
}

/** Takes a person's rationales and reasons away, a hundred at a time, then all that names them or lets them in, at once. */
export async function blankPerson(
  ctx: Ctx,
  { erasure, judgmentIds }: { erasure: Erasure; judgmentIds: readonly string[] },
): Promise<void> {
  const { subjectId: userId } = erasure;
  const blank = ctx.db.$client.prepare(`update judgments set rationale = '' where id = ?`);
  for (let from = 0; from < judgmentIds.length; from += BATCH) {
    const batch = judgmentIds.slice(from, from + BATCH);
    await writeWhenUnlocked(ctx.db, () => {
      for (const id of batch) blank.run(id);
      const keys = batch.map((key) => ({ table: 'judgments', key }));
      recordBatch(ctx, erasure, { keys, rationales: batch.length });
    });
  }
  await writeWhenUnlocked(ctx.db, () => {
    const passed = ctx.db
      .update(skips)
      .set({ reason: '' })
      .where(eq(skips.annotatorId, userId))
      .returning({ taskId: skips.taskId })
      .all();
    const keys: RowKey[] = passed.map(({ taskId }) => ({ table: 'skips', key: `${taskId} ${userId}` }));
    for (const { id } of ctx.db.delete(sessions).where(eq(sessions.userId, userId)).returning().all())
      keys.push({ table: 'sessions', key: id });
    for (const { id } of ctx.db.delete(apiTokens).where(eq(apiTokens.userId, userId)).returning().all())
      keys.push({ table: 'api_tokens', key: id });
    for (const row of ctx.db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId)).returning().all())
      keys.push({ table: 'recovery_codes', key: `${row.userId} ${row.codeHash}` });
    for (const row of ctx.db.delete(accounts).where(eq(accounts.userId, userId)).returning().all())
      keys.push({ table: 'accounts', key: `${row.provider} ${row.providerAccountId}` });
    ctx.db
      .update(seats)
      .set(FREE_SEAT)
      .where(and(eq(seats.annotatorId, userId), eq(seats.state, 'leased')))
      .run();
    ctx.db
      .update(memberships)
      .set({ removedAt: ctx.now() })
      .where(and(eq(memberships.userId, userId), isNull(memberships.removedAt)))
      .run();
    ctx.db
      .update(users)
      .set({
        ...{ name: ERASED_NAME, email: null, passwordHash: null, totpSecret: null, totpSince: null },
        ...{ disabledAt: ctx.now(), erasedAt: ctx.now(), totpLastStep: null },
      })
      .where(eq(users.id, userId))
      .run();
    keys.push({ table: 'users', key: userId });
    recordBatch(ctx, erasure, { keys, person: userId });
  });
}
