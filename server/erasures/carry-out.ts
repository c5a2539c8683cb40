import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { and, eq, inArray, ne } from 'drizzle-orm';
import { auditLog } from '../../db/schema/audit-log.ts';
import { type ErasureResult, erasures } from '../../db/schema/erasures.ts';
import { imports } from '../../db/schema/imports.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { databaseFile } from '../data-folder.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { blankPerson, projectsOf } from './blank-person.ts';
import { affectedBy, blankTexts } from './blank-texts.ts';
import { BATCH_ACTION, DONE_ACTION, ERASED_NAME, type Erasure } from './internal.ts';
import { filesBelow, maskIn, placesIn } from './look-through.ts';
import { markSnapshots } from './mark-snapshots.ts';
import { type Needles, needlesOf } from './needles.ts';
import { scrubQuotes } from './scrub-quotes.ts';

const CHECKPOINT_TRIES = 100;
const CHECKPOINT_PAUSE_MS = 100;
/** Larger ones are weights. */
const MAX_LOOKED_AT = 256 * 2 ** 20;

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
  const { subjectId: userId } = erasure;
  const person = ctx.db.select().from(users).where(eq(users.id, userId)).get();
  const said = ctx.db
    .select({ id: judgments.id, rationale: judgments.rationale })
    .from(judgments)
    .where(and(eq(judgments.annotatorId, userId), ne(judgments.rationale, '')))
    .all();
  const judgmentIds = said.map(({ id }) => id);
  const projectIds = projectsOf(ctx, userId);
  const marked = await markSnapshots(ctx, { erasure, projectIds, judgmentIds: new Set(judgmentIds) });
  const names = [person?.email ?? '', person?.name === ERASED_NAME ? '' : (person?.name ?? '')];
  const needles = needlesOf([...names, ...said.map(({ rationale }) => rationale)]);
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
  const remove = (relative: string) => {
    const file = path.join(dataFolder, relative);
    if (!existsSync(file)) return;
    rmSync(file, { recursive: true, force: true });
    files += 1;
  };
  // what an upload brought is in the database; packed files cannot be looked into
  const ended = and(inArray(imports.projectId, projectIds), inArray(imports.status, ['done', 'failed']));
  for (const { id } of ctx.db.select({ id: imports.id }).from(imports).where(ended).all())
    remove(path.join('imports', id));
  const name = path.basename(databaseFile(dataFolder), '.db');
  for (const copy of readdirSync(dataFolder).filter(
    (file) => file.startsWith(`${name}-`) && file.includes('.db'),
  ))
    remove(copy);
  const leftIn: string[] = [];
  if (needles.bytes.length === 0) return { files, leftIn };
  const skip = (relative: string) =>
    relative.startsWith(name) || ['weights', 'backups', 'imports'].includes(relative);
  for (const relative of filesBelow(dataFolder, skip)) {
    const file = path.join(dataFolder, relative);
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? MAX_LOOKED_AT) >= MAX_LOOKED_AT) continue;
    if (relative.startsWith(`logs${path.sep}`)) {
      if (await maskIn(file, needles.bytes)) files += 1;
    } else if ((await placesIn(file, needles.bytes)).length > 0) leftIn.push(relative);
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
