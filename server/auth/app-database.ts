import type { Db } from '../../db/client.ts';
import { openDataFolder } from '../data-folder.ts';
import { readEnv } from '../env.ts';

const kept = globalThis as typeof globalThis & { plumblineDb?: Db };

/** How long a statement waits, which holds everybody up: a short write of the worker's is over by then (storage/write-lock.ts). */
const BUSY_TIMEOUT_MS = 2;

/** The web process's one connection. Kept on globalThis, so that hot reloading does not open another at every change. */
export function appDatabase(): Db {
  kept.plumblineDb ??= open();
  return kept.plumblineDb;
}

function open(): Db {
  const db = openDataFolder(readEnv().PLUMBLINE_DATA);
  db.$client.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return db;
}
