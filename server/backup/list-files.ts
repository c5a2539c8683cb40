import { type Dirent, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { HEADS_FILE, LAST_RECORD_FILE } from '../../db/audit/heads.ts';

/** Signed heads and the newest record, kept outside of the database. */
const TELLS_OF_LOG: readonly string[] = [HEADS_FILE, LAST_RECORD_FILE];

/** Left out at the top of a data folder: the database (which is copied by itself), what is made anew, other backups. */
const LEFT_OUT_ON_TOP =
  /^(plumbline\.db(-wal|-shm|-journal)?|plumbline-.+\.db|worker\.heartbeat|quick-check\.json|logs|backups)$/;
/** what is still being written; renamed when it is whole */
const UNFINISHED = /\.(part|partial|tmp)$|\.partial-\d+(-[0-9a-f]+)?$|\.tmp-[0-9a-f]{12}$/;

/**
 * What a backup takes besides the database, asked for at two moments: `heads`, which say how far the log has come and must not be newer
 * than the log, before the database is copied, and `rest` after it, when all is in its place that a row names.
 */
export function filesOf(dataFolder: string, except: string) {
  return {
    heads: (): string[] => TELLS_OF_LOG.filter((name) => existsSync(path.join(dataFolder, name))),
    rest: (): string[] =>
      listFiles(path.resolve(dataFolder), except).filter((name) => !TELLS_OF_LOG.includes(name)),
  };
}

/**
 * Files of a data folder that a backup takes besides the database, by their path below it, parted by slashes. `except` is a
 * folder or file that is passed over: the backup itself may lie in there. A link is no file of this folder.
 */
function listFiles(dataFolder: string, except: string): string[] {
  const files: string[] = [];
  const walk = (below: string) => {
    for (const entry of entriesOf(path.join(dataFolder, below))) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (below === '' && LEFT_OUT_ON_TOP.test(name)) continue;
      if (UNFINISHED.test(entry.name) || path.join(dataFolder, name) === except) continue;
      if (entry.isDirectory()) walk(name);
      else if (entry.isFile()) files.push(name);
    }
  };
  walk('');
  return files;
}

/** A folder that has vanished since its parent was read has no entries. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
