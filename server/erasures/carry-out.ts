import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { and, eq } from 'drizzle-orm';
import { auditLog } from '../../db/schema/audit-log.ts';
import { type ErasureResult, erasures } from '../../db/schema/erasures.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { databaseFile } from '../data-folder.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { affectedByPerson, blankPerson } from './blank-person.ts';
import { affectedBy, blankTexts } from './blank-texts.ts';
import { copiesIn, filesQuoting } from './files-to-clean.ts';
import { BATCH_ACTION, DONE_ACTION, type Erasure } from './internal.ts';
import { maskIn, placesIn } from './look-through.ts';
import { markSnapshots } from './mark-snapshots.ts';
import { type Needles, needlesOf } from './needles.ts';
import { scrubQuotes } from './scrub-quotes.ts';

const CHECKPOINT_TRIES = 100;
const CHECKPOINT_PAUSE_MS = 100;
type Removed = ErasureResult & { needles: Needles };

/**
 * Removes every trace of what somebody asked to be erased, last of all the row itself, so that an attempt that is killed knows on the
 * next what to look for: snapshots and exports (marked, their files removed), quotes in rejects, samples and events, kept uploads,
 * copies of the database that upgrades left, logs; then rationales and the row, each with its salts, and what the database file and its
 * log of writes still hold in bytes. Each step is recorded with the digests of the rows as they are from then on.
 */
export async function carryOutErasure({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { erasureId: string };
}): Promise<ErasureResult> {
  const erasure = ctx.db.select().from(erasures).where(eq(erasures.id, input.erasureId)).get();
  if (!erasure) throw new Error(`no erasure ${input.erasureId}`);
  if (erasure.doneAt !== null && erasure.result) return erasure.result;
  const isRetry = isBegun(ctx, erasure);
  const { needles, ...result } =
    erasure.kind === 'person' ? await removePerson(ctx, erasure) : await removeTexts(ctx, erasure);
  await cleanDatabase(ctx, needles, isRetry);
  if ((await placesIn(databaseFile(ctx.dataFolder), needles.bytes)).length > 0)
    result.leftIn.push(`${path.basename(databaseFile(ctx.dataFolder))} (another row says the same)`);
  await writeWhenUnlocked(ctx.db, () => {
    ctx.db.update(erasures).set({ doneAt: ctx.now(), result }).where(eq(erasures.id, erasure.id)).run();
    const { subjectId: subject, projectId } = erasure;
    appendAudit(ctx, {
      action: DONE_ACTION,
      subject,
      projectId,
      payload: { erasure: erasure.id, ...result },
    });
  });
  return result;
}

/** An attempt before this one broke off among the rows, so that not all that is gone is known any more. */
function isBegun({ db }: Ctx, { subjectId }: Erasure): boolean {
  const isBatch = and(eq(auditLog.subject, subjectId), eq(auditLog.action, BATCH_ACTION));
  return db.select({ seq: auditLog.seq }).from(auditLog).where(isBatch).limit(1).get() !== undefined;
}

async function removePerson(ctx: Ctx, erasure: Erasure): Promise<Removed> {
  const { judgmentIds, projectIds, texts } = affectedByPerson(ctx, erasure.subjectId);
  const marked = await markSnapshots(ctx, { erasure, projectIds, judgmentIds: new Set(judgmentIds) });
  const needles = needlesOf(texts);
  const cleaned = await cleanFiles(ctx, { needles, projectIds: [] });
  await blankPerson(ctx, { erasure, judgmentIds });
  return { ...marked, ...cleaned, judgments: judgmentIds.length, needles };
}

async function removeTexts(ctx: Ctx, erasure: Erasure): Promise<Removed> {
  const affected = affectedBy(ctx, erasure);
  const { projectId, judgmentIds } = affected;
  const projectIds = [projectId];
  const marked = await markSnapshots(ctx, { erasure, projectIds, judgmentIds: new Set(judgmentIds) });
  const needles = needlesOf(affected.texts);
  await scrubQuotes(ctx, { erasure, projectId, needles });
  const cleaned = await cleanFiles(ctx, { needles, projectIds });
  await blankTexts(ctx, { erasure, affected });
  return { ...marked, ...cleaned, judgments: judgmentIds.length, needles };
}

/** Removes what is a copy, masks what logs say, and tells where else it stands. */
async function cleanFiles(
  ctx: Ctx,
  { needles, projectIds }: { needles: Needles; projectIds: string[] },
): Promise<Pick<ErasureResult, 'files' | 'leftIn'>> {
  const { dataFolder } = ctx;
  let files = 0;
  for (const relative of copiesIn(ctx, projectIds)) {
    rmSync(path.join(dataFolder, relative), { recursive: true, force: true });
    files += 1;
  }
  const leftIn: string[] = [];
  for await (const { relative, isLog } of filesQuoting(dataFolder, needles)) {
    if (isLog) {
      if (await maskIn(path.join(dataFolder, relative), needles.bytes)) files += 1;
    } else leftIn.push(relative);
  }
  return { files, leftIn: leftIn.slice(0, 100) };
}

/**
 * Empties the log of writes, and makes the database file anew where pages of it hold the bytes still: what was moved before
 * secure_delete was on, say. Not knowing what to look for (the attempt before was killed), it is made anew in any case.
 */
async function cleanDatabase(ctx: Ctx, needles: Needles, isRetry: boolean): Promise<void> {
  await emptyWal(ctx);
  const file = databaseFile(ctx.dataFolder);
  if (!isRetry && (await placesIn(file, needles.bytes)).length === 0) return;
  ctx.db.$client.exec('vacuum');
  await emptyWal(ctx);
}

async function emptyWal(ctx: Ctx): Promise<void> {
  for (let tries = 0; tries < CHECKPOINT_TRIES; tries += 1) {
    const [state] = ctx.db.$client.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (state?.busy === 0) return;
    // somebody is reading a page
    await sleep(CHECKPOINT_PAUSE_MS);
  }
  throw new Error('The database was read without a pause, so that its log of writes could not be emptied.');
}
