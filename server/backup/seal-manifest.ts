import path from 'node:path';
import { programVersion } from '../../db/schema-state.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { databaseFile } from '../data-folder.ts';
import type { DatabaseCopy } from './copy-database.ts';
import { type BackupManifest, manifestName } from './format.ts';

/** The manifest of a backup, its text, and the name that carries the beginning of the text's hash. */
export function sealManifest({
  createdAt,
  database,
  files,
  leftOut,
}: {
  createdAt: string;
  database: DatabaseCopy & { sha256: string; bytes: number };
  files: BackupManifest['files'];
  leftOut: string[];
}): { name: string; text: string; manifest: BackupManifest } {
  const manifest: BackupManifest = {
    format: 'plumbline-backup-1',
    created_at: createdAt,
    version: programVersion(),
    schema: database.schema,
    audit_head: database.auditHead,
    database: { path: path.basename(databaseFile('')), sha256: database.sha256, bytes: database.bytes },
    files,
    left_out: leftOut,
  };
  const text = canonicalJson(manifest);
  return { name: manifestName(createdAt, text), text, manifest };
}
