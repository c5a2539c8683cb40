import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { DomainError } from '../errors.ts';

/** of a backup folder */
export const LOCK_FILE = 'lock';

/**
 * Keeps two backups into one folder or file apart by a lock file; one whose process is gone is taken over. Returns what gives it
 * back. Throws `conflict` while another holds it.
 */
export function takeLock(file: string, target: string): () => void {
  for (let isFirst = true; ; isFirst = false) {
    try {
      const fd = openSync(file, 'wx', 0o600);
      writeSync(fd, `${hostname()} ${process.pid}\n`);
      closeSync(fd);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(file);
    if (!isFirst || holder.isAlive)
      throw new DomainError(
        'conflict',
        `Another backup into ${target} is under way (${holder.name}); if it is not, delete ${file}.`,
      );
    rmSync(file, { force: true });
  }
}

/** A process of another machine cannot be asked, so it counts as alive. */
function holderOf(file: string): { name: string; isAlive: boolean } {
  let text = '';
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    return { name: 'just ended', isAlive: false };
  }
  const [host = '', pid = ''] = text.split(' ');
  if (host !== hostname()) return { name: `on ${host || 'another machine'}`, isAlive: true };
  if (Number(pid) === process.pid) return { name: 'this process', isAlive: true };
  try {
    process.kill(Number(pid), 0);
    return { name: `process ${pid}`, isAlive: true };
  } catch (error) {
    return { name: `process ${pid}`, isAlive: (error as NodeJS.ErrnoException).code === 'EPERM' };
  }
}
