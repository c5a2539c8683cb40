import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Ctx } from '../context.ts';
import { databaseFile, openDataFolder } from '../data-folder.ts';
import { UsageError } from './options.ts';

/** A context that acts as the system on an existing data folder. Throws UsageError instead of creating one. */
export function openExisting(folder: string): Ctx {
  const dataFolder = existingDataFolder(folder);
  return { db: openDataFolder(dataFolder), actor: { type: 'system' }, dataFolder, now: Date.now };
}

/** The full path of a data folder that has a database, which is not opened. Throws UsageError for any other folder. */
export function existingDataFolder(folder: string): string {
  const dataFolder = path.resolve(folder);
  if (!existsSync(databaseFile(dataFolder))) {
    throw new UsageError(
      `--data "${folder}": no database in this folder; expected a data folder that npm start or npm run demo has made`,
    );
  }
  return dataFolder;
}
