/**
 * What a backup holds: `plumbline-backup.json` marks it, `objects/<2>/<sha256>` are contents named by their hash, each once
 * however many backups and paths have it, and `backups/<time>-<12>.json` are the manifests, one for each backup that was made into
 * it, named after their time and the beginning of their own sha256. A single file is a zip of just that, with one backup in it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { DomainError } from '../errors.ts';

const MARK_FILE = 'plumbline-backup.json';
export const MANIFEST_FOLDER = 'backups';
export const OBJECT_FOLDER = 'objects';
const FORMAT = 'plumbline-backup-1';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.int().min(0);
/** below the data folder, parted by slashes; what could lead out of it is refused */
const filePath = z
  .string()
  .refine(
    (text) => text.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'leads out of the folder',
  );

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  created_at: z.iso.datetime(),
  /** of Plumbline, and the last migration of the database */
  version: z.string(),
  schema: z.string(),
  /** the newest audit record in it: everything acknowledged up to then is in it */
  audit_head: z.object({ seq: z.int().min(0), hash: sha256 }),
  database: z.object({ path: filePath, sha256, bytes }),
  files: z.array(z.object({ path: filePath, sha256, bytes, mtime_ms: z.number() })),
  /** vanished while the backup was made: checkpoints that a run replaced, say */
  left_out: z.array(filePath),
});
export type BackupManifest = z.infer<typeof manifestSchema>;

/** A backup by the name of its manifest. Names sort by time. */
export type Backup = { name: string; manifest: BackupManifest };

export const hashText = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export function isBackupFolder(folder: string): boolean {
  return existsSync(path.join(folder, MARK_FILE));
}

export const markOf = (folder: string) => ({
  file: path.join(folder, MARK_FILE),
  name: MARK_FILE,
  text: `${JSON.stringify({ format: FORMAT })}\n`,
});

/** The name of contents below a backup, parted by slashes. */
export const objectName = (hash: string): string => `${OBJECT_FOLDER}/${hash.slice(0, 2)}/${hash}`;

export function objectFile(folder: string, hash: string): string {
  return path.join(folder, objectName(hash));
}

/** The file name of a manifest: its time and the beginning of its hash. */
export function manifestName(createdAt: string, text: string): string {
  return `${createdAt.replaceAll(/[-:]/g, '').replace('.', '')}-${hashText(text).slice(0, 12)}.json`;
}

export const isManifestName = (name: string): boolean => /^\d{8}T\d+Z-[0-9a-f]{12}\.json$/.test(name);

/** Names of the backups in a folder, oldest first. */
export function backupNames(folder: string): string[] {
  const manifests = path.join(folder, MANIFEST_FOLDER);
  if (!existsSync(manifests)) return [];
  return readdirSync(manifests).filter(isManifestName).sort();
}

/** Reads one manifest, checked against the hash in its name. Throws `invalid` when it was altered. */
export function readBackup(folder: string, name: string): Backup {
  return parseBackup(name, readFileSync(path.join(folder, MANIFEST_FOLDER, name), 'utf8'));
}

/** The manifest of this name from its text. Throws `invalid` when it was altered. */
export function parseBackup(name: string, text: string): Backup {
  const where = `${MANIFEST_FOLDER}/${name}`;
  if (!name.endsWith(`-${hashText(text).slice(0, 12)}.json`))
    throw new DomainError(
      'invalid',
      `${where} was altered: its sha256 is ${hashText(text)}, not what its name says.`,
    );
  let manifest: ReturnType<typeof manifestSchema.safeParse>;
  try {
    manifest = manifestSchema.safeParse(JSON.parse(text));
  } catch (cause) {
    throw new DomainError('invalid', `${where} is not JSON.`, { cause });
  }
  if (!manifest.success) {
    const [issue] = manifest.error.issues;
    throw new DomainError('invalid', `${where}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return { name, manifest: manifest.data };
}
