import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { appendRecord } from '../db/audit/append-record.ts';
import { startSigning } from '../db/audit/heads.ts';
import { type Db, openDatabase } from '../db/client.ts';

/** The database file of a data folder. Web, worker and command line all open this one. */
export function databaseFile(dataFolder: string): string {
  return path.join(dataFolder, 'plumbline.db');
}

/**
 * Creates the data folder (readable by its owner only) where it is missing and opens its database. What is written from then on
 * is vouched for by signed heads; the key is made at the first start, and the log names it.
 */
export function openDataFolder(dataFolder: string): Db {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const db = openDatabase(databaseFile(dataFolder));
  chmodSync(databaseFile(dataFolder), 0o600);
  signHeads(db, dataFolder);
  return db;
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
