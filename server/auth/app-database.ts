import type { Db } from '../../db/client.ts';
import { openDataFolder } from '../data-folder.ts';
import { readEnv } from '../env.ts';

const kept = globalThis as typeof globalThis & { plumblineDb?: Db };

/** The web process's one connection. Kept on globalThis, so that hot reloading does not open another at every change. */
export function appDatabase(): Db {
  kept.plumblineDb ??= openDataFolder(readEnv().PLUMBLINE_DATA);
  return kept.plumblineDb;
}
