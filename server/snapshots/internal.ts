import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { and, eq } from 'drizzle-orm';
import { snapshots } from '../../db/schema/snapshots.ts';
import { readLines } from '../../lib/read-lines.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { type Manifest, verifyFolder } from './manifest.ts';
import type { RawRow } from './raw-row.ts';
import type { SnapshotSummary } from './schemas.ts';

export type Snapshot = typeof snapshots.$inferSelect;
export const RAW_FILE = 'raw.jsonl';
/** what fits the query but does not count: superseded revisions, judgments marked as not rankable. Absent where there are none */
export const LEFT_OUT_FILE = 'left-out.jsonl';
/** a row has up to nine responses, each as long as an import lets it be */
export const MAX_ROW_BYTES = 512 * 2 ** 20;

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

/** Throws `conflict` for a snapshot whose list of judgments is still being written. */
export function requireList({ number, status }: Pick<Snapshot, 'number' | 'status'>): void {
  if (status !== 'filling') return;
  throw new DomainError(
    'conflict',
    `The list of judgments of snapshot ${number} is still being written; try again in a moment.`,
  );
}

export function summariseSnapshot(row: Snapshot): SnapshotSummary {
  const { id, number, query, seed, counts, manifestSha256, createdAt, status, erasedAt } = row;
  return {
    ...{ snapshotId: id, number, query, seed, counts, manifestSha256, createdAt },
    status: status ?? 'whole',
    erasedAt,
  };
}

/** A snapshot's files, every byte of which was checked. Lines are read anew at each call, nothing is held but one. */
export type OpenSnapshot = {
  manifest: Manifest;
  /** judgments that count, in order of id */
  rows: () => AsyncGenerator<RawRow>;
  /** the same as they stand in the file */
  lines: () => AsyncGenerator<string>;
  /** those that are set aside, each with its mark, as they stand in the file */
  leftOutLines: () => AsyncGenerator<string>;
};

/** Opens a snapshot's folder after checking every byte of it. Throws with the file and line that was altered. */
export async function openSnapshot(ctx: Pick<Ctx, 'dataFolder'>, snapshot: Snapshot): Promise<OpenSnapshot> {
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
  const { manifest } = check;
  const lines = () => readText(path.join(folder, RAW_FILE));
  const hasLeftOut = manifest.files.some((file) => file.path === LEFT_OUT_FILE);
  return {
    manifest,
    lines,
    leftOutLines: () => (hasLeftOut ? readText(path.join(folder, LEFT_OUT_FILE)) : nothing()),
    rows: async function* rows() {
      for await (const line of lines()) {
        // every byte is the one that was written from such a row: it need not be checked again
        const row = JSON.parse(line) as RawRow;
        // in this order they went into hashes of training data and into exports, ever since the first version
        row.prompt = row.prompt.map(({ role, content }) => ({ role, content }));
        yield row;
      }
    },
  };
}

async function* nothing(): AsyncGenerator<string> {}

async function* readText(file: string): AsyncGenerator<string> {
  let count = 0;
  for await (const entry of readLines(file, { maxLineBytes: MAX_ROW_BYTES })) {
    if (!('line' in entry)) throw new Error(`${file}, line ${entry.number}: ${entry.detail}`);
    yield entry.line;
    count += 1;
    // the web process has others to serve
    if (count % 200 === 0) await nextTurn();
  }
}
