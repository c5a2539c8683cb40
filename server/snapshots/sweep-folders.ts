import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Ctx } from '../context.ts';
import { sweepPartials } from './folder-writer.ts';

/** From its name to its row a folder needs seconds, however long the database is locked. */
const UNNAMED_MS = 3_600_000;
const IDS = { snapshots: /^snp_\w+$/, exports: /^exp_\w+$/ } as const;

/**
 * Removes what killed processes have left: half-written folders, and whole ones that were never registered. Those hold texts that an
 * erasure would not find by any row.
 */
export function sweepFolders(
  { db, dataFolder }: Pick<Ctx, 'db' | 'dataFolder'>,
  kind: keyof typeof IDS,
): void {
  const root = path.join(dataFolder, kind);
  if (!existsSync(root)) return;
  sweepPartials(root);
  const row = db.$client.prepare(`SELECT 1 FROM ${kind} WHERE id = ?`).pluck();
  for (const name of readdirSync(root).filter((name) => IDS[kind].test(name))) {
    const folder = path.join(root, name);
    const madeAt = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (madeAt < Date.now() - UNNAMED_MS && row.get(name) === undefined)
      rmSync(folder, { recursive: true, force: true });
  }
}
