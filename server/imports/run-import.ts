import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { and, asc, eq } from 'drizzle-orm';
import { importRejects, imports } from '../../db/schema/imports.ts';
import { UnreadableFile } from '../../lib/rows/unreadable-file.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { promptHash } from '../tasks/content-hash.ts';
import { getProjectSettings } from '../tasks/internal.ts';
import { acceptRow, insertPending, namePending, type PendingJudgment, rowProblem } from './accept-row.ts';
import { type Import, summarise, uploadFile } from './internal.ts';
import { readKnownVotes } from './known-votes.ts';
import { type ImportLimits, importLimits, tooManyRows } from './limits.ts';
import { type ImportedRow, readImportRows, readVerdictScale } from './read-import-rows.ts';
import type { ImportSummary } from './schemas.ts';

/**
 * Rows of one transaction, and the pause after it. A writer that waits for SQLite's lock asks again after 1, 2, 5, 10, 15, 20,
 * 25 ms: batches of some 50 ms with gaps of 25 ms let annotators submit meanwhile, where back-to-back batches starve them.
 */
const BATCH_ROWS = 50;
const PAUSE_MS = 25;
const MAX_RAW_BYTES = 4096;

type Reject = { lineNumber: number; reason: string; detail: string; raw: string };
export type ImportProgress = { readBytes: number; totalBytes: number; read: number };

/**
 * Reads the file of an import row into its project. Rows, counts and rejects of a batch are committed together, so that an
 * import which was killed goes on, run again, behind the last committed row and counts nothing twice. Returns the final
 * row, which says `failed` and why when the file as a whole cannot be read, when a part of it cannot, or when none of its rows
 * was taken; what was taken stays. `shouldStop` is asked between batches; a stopped import stays `running` and can be run again.
 */
export async function runImport({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: {
    importId: string;
    /** the file to read; the kept upload when not given */
    file?: string;
    onProgress?: (progress: ImportProgress) => void;
    shouldStop?: () => boolean;
  };
}): Promise<ImportSummary> {
  const named = ctx.db.select().from(imports).where(eq(imports.id, input.importId)).get();
  if (!named) throw new DomainError('not-found', `No import ${input.importId}.`);
  if (named.status === 'done' || named.status === 'failed') return summarise(named);
  const row: Import = { ...named, status: 'running' };
  ctx.db.transaction(
    () => ctx.db.update(imports).set({ status: 'running' }).where(eq(imports.id, row.id)).run(),
    { behavior: 'immediate' },
  );
  try {
    return await readInto(ctx, row, input);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    const current = ctx.db.select().from(imports).where(eq(imports.id, row.id)).get() ?? row;
    return finish(ctx, current, { sha256: null, error: error.message });
  }
}

async function readInto(
  ctx: Ctx,
  row: Import,
  input: Parameters<typeof runImport>[0]['input'],
): Promise<ImportSummary> {
  const file = input.file ?? uploadFile(ctx, row.id);
  const totalBytes = (await stat(file)).size;
  const limits = importLimits(totalBytes);
  const hash = createHash('sha256');
  let readBytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      readBytes += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const maxTotalBytes = limits.unpackedBytes;
  const scale = await readVerdictScale(file, { ...row, maxTotalBytes });
  const opened = createReadStream(file, { highWaterMark: 256 * 1024 });
  opened.on('error', (error) => measure.destroy(error));
  const overlap = getProjectSettings(ctx, row.projectId).overlap;
  let current = row;
  let toSkip = row.read;
  let batch: ImportedRow[] = [];
  let ending: string | null = null;
  const commit = () => {
    current = commitBatch(ctx, { into: current, batch, overlap, limits });
    batch = [];
    input.onProgress?.({ readBytes, totalBytes, read: current.read });
  };
  for await (const entry of readImportRows(opened.pipe(measure), { ...row, scale, maxTotalBytes })) {
    if (!entry.ok && entry.isEnd) ending = `line ${entry.lineNumber}: ${entry.detail}`;
    if (toSkip > 0) {
      toSkip -= 1;
      continue;
    }
    if (current.read + batch.length >= limits.rows) {
      ending = tooManyRows(limits);
      break;
    }
    batch.push(entry);
    if (batch.length < BATCH_ROWS) continue;
    commit();
    if (input.shouldStop?.()) {
      opened.destroy();
      return summarise(current);
    }
    await sleep(PAUSE_MS);
  }
  commit();
  const sha256 = readBytes === totalBytes ? hash.digest('hex') : null;
  return finish(ctx, current, { sha256, error: ending ?? noneTaken(ctx, current) });
}

/** Why an import of which nothing came is no success, or null. */
function noneTaken(ctx: Ctx, { id, read, accepted, duplicates, rejected }: Import): string | null {
  if (read === 0) return 'There are no rows in the file.';
  if (accepted + duplicates > 0) return null;
  const [reason] = Object.entries(rejected).sort((a, b) => b[1] - a[1])[0] ?? ['unknown'];
  const first = ctx.db
    .select()
    .from(importRejects)
    .where(eq(importRejects.importId, id))
    .orderBy(asc(importRejects.id))
    .limit(1)
    .get();
  const example = first === undefined ? '' : ` The first, line ${first.lineNumber}: ${first.detail}`;
  const rows = read === 1 ? 'The one row could not be taken' : `None of the ${read} rows could be taken`;
  return `${rows} (${read === 1 ? '' : 'mostly '}${reason}).${example}`;
}

function commitBatch(
  ctx: Ctx,
  {
    into,
    batch,
    overlap,
    limits,
  }: { into: Import; batch: ImportedRow[]; overlap: number; limits: ImportLimits },
): Import {
  if (batch.length === 0) return into;
  return ctx.db.transaction(
    () => {
      const counts = { ...into, rejected: { ...into.rejected } };
      const pending: PendingJudgment[] = [];
      const seenKeys = new Set<string>();
      const judged = batch.flatMap((entry) => (entry.ok && entry.row.kind === 'judged' ? [entry.row] : []));
      const hashes = [...new Set(judged.map(({ prompt }) => promptHash(prompt)))];
      const known = readKnownVotes(ctx, into.projectId, hashes);
      // all are counted, the first ones are kept
      let numRejected = Object.values(counts.rejected).reduce((sum, n) => sum + n, 0);
      const reject = ({ lineNumber, reason, detail, raw }: Reject) => {
        counts.rejected[reason] = (counts.rejected[reason] ?? 0) + 1;
        numRejected += 1;
        if (numRejected > limits.keptRejects) return;
        const row = { importId: into.id, lineNumber, reason, detail, raw: cut(raw) };
        ctx.db.insert(importRejects).values(row).run();
      };
      for (const entry of batch) {
        counts.read += 1;
        if (!entry.ok) {
          reject(entry);
          continue;
        }
        const problem = rowProblem(entry.row);
        if (problem !== null) {
          const { lineNumber, row } = entry;
          reject({ lineNumber, reason: 'details-too-large', detail: problem, raw: JSON.stringify(row) });
          continue;
        }
        const { isNew, judgment } = acceptRow(ctx, { row: entry.row, into, overlap, known });
        // judgments of this batch are not in the table yet
        const isRepeat = judgment !== null && seenKeys.has(judgment.idempotencyKey);
        if (judgment && !isRepeat) {
          seenKeys.add(judgment.idempotencyKey);
          pending.push(judgment);
        }
        counts[isNew && !isRepeat ? 'accepted' : 'duplicates'] += 1;
      }
      const { id, projectId, read, accepted, duplicates, rejected } = counts;
      insertPending(ctx, pending);
      const { changes } = ctx.db
        .update(imports)
        .set({ read, accepted, duplicates, rejected })
        .where(and(eq(imports.id, id), eq(imports.read, into.read)))
        .run();
      if (changes !== 1) {
        throw new DomainError(
          'conflict',
          `Import ${id} is being read by another process too; this one stops.`,
        );
      }
      const event = appendAudit(ctx, {
        action: 'imports.batch',
        subject: id,
        projectId,
        payload: { read, accepted, duplicates, rejected },
      });
      namePending(ctx, pending, event.hash);
      return counts;
    },
    { behavior: 'immediate' },
  );
}

function finish(
  ctx: Ctx,
  row: Import,
  { sha256, error }: { sha256: string | null; error: string | null },
): ImportSummary {
  return ctx.db.transaction(
    () => {
      const { read, accepted, duplicates, rejected } = row;
      const status = error === null ? 'done' : 'failed';
      const done = ctx.db
        .update(imports)
        // an upload was hashed when it came in
        .set({ status, sha256: sha256 ?? row.sha256, error, finishedAt: ctx.now() })
        .where(eq(imports.id, row.id))
        .returning()
        .get();
      appendAudit(ctx, {
        action: 'imports.finish',
        subject: row.id,
        projectId: row.projectId,
        payload: { status, sha256: done.sha256, read, accepted, duplicates, rejected },
      });
      return summarise(done);
    },
    { behavior: 'immediate' },
  );
}

function cut(raw: string): string {
  const bytes = Buffer.from(raw, 'utf8');
  if (bytes.length <= MAX_RAW_BYTES) return raw;
  // a character cut in two at the end becomes U+FFFD: leave it out
  return bytes
    .subarray(0, MAX_RAW_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}
