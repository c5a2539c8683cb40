import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { and, inArray } from 'drizzle-orm';
import { imports } from '../../db/schema/imports.ts';
import type { Ctx } from '../context.ts';
import { databaseFile } from '../data-folder.ts';
import { filesBelow, placesIn } from './look-through.ts';
import type { Needles } from './needles.ts';

/** Larger ones are weights. */
const MAX_LOOKED_AT = 256 * 2 ** 20;

/**
 * What is a copy and goes with an erasure, by paths below the data folder: kept uploads of some projects (what one brought is in the
 * database; packed files cannot be looked into), and the copies of the database that upgrades left.
 */
export function copiesIn({ db, dataFolder }: Pick<Ctx, 'db' | 'dataFolder'>, projectIds: string[]): string[] {
  const ended = and(inArray(imports.projectId, projectIds), inArray(imports.status, ['done', 'failed']));
  const uploads = db.select({ id: imports.id }).from(imports).where(ended).all();
  const name = path.basename(databaseFile(dataFolder), '.db');
  return [
    ...uploads
      .map(({ id }) => path.join('imports', id))
      .filter((relative) => existsSync(path.join(dataFolder, relative))),
    ...readdirSync(dataFolder).filter((file) => file.startsWith(`${name}-`) && file.includes('.db')),
  ];
}

/** Files that say one of the needles, by their paths below the data folder. Logs may be written over, others are somebody's own. */
export async function* filesQuoting(
  dataFolder: string,
  needles: Needles,
): AsyncGenerator<{ relative: string; isLog: boolean }> {
  if (needles.bytes.length === 0) return;
  const name = path.basename(databaseFile(dataFolder), '.db');
  const skip = (relative: string) =>
    relative.startsWith(name) || ['weights', 'backups', 'imports'].includes(relative);
  for (const relative of filesBelow(dataFolder, skip)) {
    const file = path.join(dataFolder, relative);
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? MAX_LOOKED_AT) >= MAX_LOOKED_AT) continue;
    if ((await placesIn(file, needles.bytes)).length > 0)
      yield { relative, isLog: relative.startsWith(`logs${path.sep}`) };
  }
}
