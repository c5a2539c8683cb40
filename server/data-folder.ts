import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { appendRecord } from '../db/audit/append-record.ts';
import { startSigning } from '../db/audit/heads.ts';
import { type Db, openDatabase } from '../db/client.ts';

/** The database file of a data folder. Web, worker and command line all open this one. */
export function databaseFile(dataFolder: string): string {
  return path.join(dataFolder, 'plumbline.db');
}

/** A data folder that cannot be used, in words for whoever starts the program. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

/**
 * Creates the data folder (readable by its owner only, as is all that this process writes from then on) where it is missing and opens
 * its database. What is written from then on is vouched for by signed heads; the key is made at the first start, and the log names
 * it. Throws DataFolderError where the folder cannot be written, SchemaError as openDatabase does.
 */
export function openDataFolder(dataFolder: string): Db {
  // a thread may not; the process it belongs to has
  if (isMainThread) process.umask(0o077);
  requireWritable(dataFolder);
  const db = openDatabase(databaseFile(dataFolder));
  chmodSync(databaseFile(dataFolder), 0o600);
  signHeads(db, dataFolder);
  return db;
}

function requireWritable(dataFolder: string): void {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    accessSync(dataFolder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      EROFS: 'its file system is mounted read-only',
      EACCES: `the user that runs Plumbline (${process.getuid?.() ?? 'unknown'}) may not write there`,
      ENOSPC: 'the disk is full',
      EEXIST: 'it is a file',
      ENOTDIR: 'a part of its path is a file',
    };
    throw new DataFolderError(
      `The data folder ${dataFolder} cannot be used: ${reasons[code ?? ''] ?? (cause as Error).message}. Mend that, or name another with PLUMBLINE_DATA.`,
      { cause },
    );
  }
}

function signHeads(db: Db, dataFolder: string): void {
  const { keyId, publicKey } = startSigning(db.$client, dataFolder);
  const isNamed = () =>
    db.$client.prepare(`select 1 from audit_log where subject = ? and action = 'audit.key'`).get(keyId) !==
    undefined;
  if (isNamed()) return;
  db.transaction(
    () => {
      if (isNamed()) return;
      appendRecord(db.$client, {
        ...{ at: Date.now(), actor: 'system', action: 'audit.key', subject: keyId, projectId: null },
        payload: { publicKey },
      });
    },
    { behavior: 'immediate' },
  );
}
