import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { and, eq } from 'drizzle-orm';
import { snapshots } from '../../db/schema/snapshots.ts';
import { readLines } from '../../lib/read-lines.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { type Manifest, verifyFolder } from './manifest.ts';
import { type RawRow, rawRowSchema } from './raw-row.ts';
import type { SnapshotSummary } from './schemas.ts';

export type Snapshot = typeof snapshots.$inferSelect;
export const RAW_FILE = 'raw.jsonl';

export function getSnapshotInProject(
  ctx: Pick<Ctx, 'db'>,
  input: { projectId: string; snapshotId: string },
): Snapshot {
  const row = ctx.db
    .select()
    .from(snapshots)
    .where(and(eq(snapshots.id, input.snapshotId), eq(snapshots.projectId, input.projectId)))
    .get();
  if (!row) throw new DomainError('not-found', `No snapshot ${input.snapshotId} in this project.`);
  return row;
}

/** Throws `conflict` for a snapshot that held what was erased since: its files are gone. */
export function requireServed({ number, erasedAt }: Pick<Snapshot, 'number' | 'erasedAt'>): void {
  if (erasedAt === null) return;
  const day = new Date(erasedAt).toISOString().slice(0, 10);
  throw new DomainError(
    'conflict',
    `Snapshot ${number} held what was erased on ${day}: its files are gone. Make another one.`,
  );
}

export function summariseSnapshot(row: Snapshot): SnapshotSummary {
  const { id, number, query, seed, counts, manifestSha256, createdAt, erasedAt } = row;
  return { snapshotId: id, number, query, seed, counts, manifestSha256, createdAt, erasedAt };
}

/** Opens a snapshot's folder after checking every byte of it. Throws with the file and line that was altered. */
export async function openSnapshot(
  ctx: Pick<Ctx, 'dataFolder'>,
  snapshot: Snapshot,
): Promise<{ manifest: Manifest; rows: () => AsyncGenerator<RawRow> }> {
  requireServed(snapshot);
  const folder = path.join(ctx.dataFolder, snapshot.folder);
  const check = await verifyFolder(folder);
  if (!check.ok) {
    const where = check.line === null ? check.file : `${check.file}, line ${check.line}`;
    throw new Error(`snapshot ${snapshot.number} was altered: ${where}: ${check.message}`);
  }
  if (check.manifestSha256 !== snapshot.manifestSha256) {
    throw new Error(
      `snapshot ${snapshot.number} was altered: manifest.json is not the one that was recorded`,
    );
  }
  return { manifest: check.manifest, rows: () => readRawRows(path.join(folder, RAW_FILE)) };
}

async function* readRawRows(file: string): AsyncGenerator<RawRow> {
  let count = 0;
  for await (const entry of readLines(file, { maxLineBytes: 512 * 2 ** 20 })) {
    if (!('line' in entry)) throw new Error(`${file}, line ${entry.number}: ${entry.detail}`);
    yield rawRowSchema.parse(JSON.parse(entry.line));
    count += 1;
    // the web process has others to serve
    if (count % 200 === 0) await nextTurn();
  }
}
