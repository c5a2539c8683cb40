import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Db, openDatabase } from '../db/client.ts';

/** The database file of a data folder. Web, worker and command line all open this one. */
export function databaseFile(dataFolder: string): string {
  return path.join(dataFolder, 'plumbline.db');
}

/** Creates the data folder (readable by its owner only) where it is missing and opens its database. */
export function openDataFolder(dataFolder: string): Db {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const db = openDatabase(databaseFile(dataFolder));
  chmodSync(databaseFile(dataFolder), 0o600);
  return db;
}
