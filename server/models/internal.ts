import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { and, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { auditLog } from '../../db/schema/audit-log.ts';
import { checkpoints, models } from '../../db/schema/models.ts';
import { hashFile } from '../../lib/hash-file.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';

export type Checkpoint = typeof checkpoints.$inferSelect;
export type Model = typeof models.$inferSelect;

const BUNDLED = 'bundled:';
const BUNDLED_ROOT = path.join('trainer', 'bundled');

const manifestSchema = z.object({
  files: z.record(z.string(), z.object({ sha256: z.string().length(64), bytes: z.number().int() })),
});

/** Where a checkpoint's files are. `bundled:<name>` is in the repository, everything else below the data folder. */
export function checkpointFolder(dataFolder: string, folder: string): string {
  const root = folder.startsWith(BUNDLED) ? path.resolve(BUNDLED_ROOT) : path.resolve(dataFolder);
  const full = path.resolve(root, folder.startsWith(BUNDLED) ? folder.slice(BUNDLED.length) : folder);
  if (!full.startsWith(root + path.sep)) throw new Error(`checkpoint folder ${folder} lies outside ${root}`);
  return full;
}

/** A checkpoint with its model, of this project only. Throws `not-found` with the id. */
export function getCheckpointInProject(
  ctx: Ctx,
  { projectId, checkpointId }: { projectId: string; checkpointId: string },
): { checkpoint: Checkpoint; model: Model } {
  const row = ctx.db
    .select({ checkpoint: checkpoints, model: models })
    .from(checkpoints)
    .innerJoin(models, eq(models.id, checkpoints.modelId))
    .where(eq(checkpoints.id, checkpointId))
    .get();
  if (!row || row.model.projectId !== projectId) {
    throw new DomainError('not-found', `No checkpoint ${checkpointId} in this project.`);
  }
  return row;
}

export const PROMOTE_ACTION = 'models.promote';

/** The checkpoint of a model that was promoted last, else its newest; null for a model without any. */
export function currentCheckpointId(db: Db, modelId: string): string | null {
  const promoted = db
    .select({ id: checkpoints.id })
    .from(auditLog)
    .innerJoin(checkpoints, eq(checkpoints.id, auditLog.subject))
    .where(and(eq(checkpoints.modelId, modelId), eq(auditLog.action, PROMOTE_ACTION)))
    .orderBy(desc(auditLog.seq))
    .limit(1)
    .get();
  const newest = () =>
    db
      .select({ id: checkpoints.id })
      .from(checkpoints)
      .where(eq(checkpoints.modelId, modelId))
      .orderBy(desc(checkpoints.id))
      .limit(1)
      .get();
  return (promoted ?? newest())?.id ?? null;
}

/** sha256 of a folder's manifest.json. Throws `conflict` when it is missing. */
export function readManifestSha256(folder: string): string {
  try {
    return createHash('sha256')
      .update(readFileSync(path.join(folder, 'manifest.json')))
      .digest('hex');
  } catch (cause) {
    throw new DomainError('conflict', `${path.basename(folder)} has no readable manifest.json.`, { cause });
  }
}

/** Quick check before a run is queued: the manifest is the registered one. The files themselves are hashed at load. */
export function requireManifest(ctx: Ctx, checkpoint: Checkpoint): void {
  const found = readManifestSha256(checkpointFolder(ctx.dataFolder, checkpoint.folder));
  if (found !== checkpoint.manifestSha256) {
    throw new DomainError(
      'conflict',
      `Checkpoint ${checkpoint.id}: its manifest.json has sha256 ${found}, registered is ${checkpoint.manifestSha256}. The folder was changed.`,
    );
  }
}

/**
 * Hashes every file that the manifest of `folder` lists. Throws `conflict` naming the first file that is missing or changed,
 * or the manifest itself when it is not `manifestSha256`.
 */
export async function verifyFolder(folder: string, manifestSha256: string): Promise<void> {
  const found = readManifestSha256(folder);
  if (found !== manifestSha256) {
    throw new DomainError(
      'conflict',
      `${folder}/manifest.json has sha256 ${found}, expected ${manifestSha256}.`,
    );
  }
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')));
  for (const [name, { sha256 }] of Object.entries(manifest.files)) {
    const found = await hashFile(path.join(folder, name)).catch((cause: unknown) => {
      throw new DomainError('conflict', `${folder}: ${name} is in the manifest but cannot be read.`, {
        cause,
      });
    });
    if (found.sha256 !== sha256) {
      throw new DomainError(
        'conflict',
        `${folder}: ${name} has sha256 ${found.sha256}, the manifest says ${sha256}.`,
      );
    }
  }
}
