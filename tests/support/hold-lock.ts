import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const HOLDER = `
  import Database from 'better-sqlite3';
  const [file, ms, mode] = process.argv.slice(1);
  const db = new Database(file);
  if (mode === 'exclusive') db.pragma('locking_mode = exclusive');
  db.exec('begin immediate');
  db.exec('create table if not exists held (at integer)');
  console.log('held');
  setTimeout(() => { db.exec('rollback'); db.close(); }, Number(ms));
`;

/**
 * Another process that holds the write lock of a database for `ms`; 'exclusive' shuts readers out too, who must have closed the
 * file before. Resolves when it holds it; `released` when it has let go.
 */
export async function holdLock(
  file: string,
  ms: number,
  mode: 'write' | 'exclusive' = 'write',
): Promise<{ released: Promise<unknown> }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', HOLDER, file, String(ms), mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const released = once(child, 'exit');
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), released]);
  if (line !== 'held') throw new Error(`${file} could not be locked: ${line}`);
  return { released };
}
