import { statfs } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { databaseFile } from './data-folder.ts';
import { knownDamage } from './storage/quick-check.ts';
import { storageProblem } from './storage/storage-problem.ts';
import { lastHeartbeat } from './worker/heartbeat.ts';

export const HEALTH_PARTS = ['web', 'worker', 'disk', 'database'] as const;

/** Each part by itself; `problem` says in words what is wrong with one that is not ok. */
export type Health = {
  ok: boolean;
  web: { ok: boolean; problem: string | null; uptimeSeconds: number };
  worker: { ok: boolean; problem: string | null; heartbeatAgeMs: number | null };
  disk: { ok: boolean; problem: string | null; freeBytes: number | null };
  database: { ok: boolean; problem: string | null; writeLock: 'free' | 'taken' | 'refused' };
};

/** the worker beats every two seconds; training does not hold it up, one long write of its own may */
const SILENT_MS = 30_000;
/** below it the next write may be the one that fails */
const LEAST_FREE_BYTES = 32 * 2 ** 20;
const LOCK_TIMEOUT_MS = 100;
/** an answer is good for so long, so that asking often costs nothing */
const FRESH_MS = 500;

const answers = new Map<string, { at: number; health: Promise<Health> }>();

/** How web, worker, disk and database of a data folder are. Answers within a fraction of a second, whoever holds which lock. */
export function readHealth(dataFolder: string): Promise<Health> {
  const known = answers.get(dataFolder);
  const at = performance.now();
  if (known && at - known.at < FRESH_MS) return known.health;
  const health = look(dataFolder);
  answers.set(dataFolder, { at, health });
  return health;
}

async function look(dataFolder: string): Promise<Health> {
  const web = { ok: true, problem: null, uptimeSeconds: Math.round(process.uptime()) };
  const worker = workerHealth(dataFolder);
  const disk = await diskHealth(dataFolder);
  const database = databaseHealth(dataFolder);
  return { ok: worker.ok && disk.ok && database.ok, web, worker, disk, database };
}

function workerHealth(dataFolder: string): Health['worker'] {
  const beat = lastHeartbeat(dataFolder);
  const heartbeatAgeMs = beat === null ? null : Math.max(0, Math.round(Date.now() - beat));
  if (heartbeatAgeMs === null)
    return { ok: false, problem: 'No worker has started on this data folder.', heartbeatAgeMs };
  const ok = heartbeatAgeMs < SILENT_MS;
  const problem = ok ? null : `The worker has been silent for ${Math.round(heartbeatAgeMs / 1000)} s.`;
  return { ok, problem, heartbeatAgeMs };
}

async function diskHealth(dataFolder: string): Promise<Health['disk']> {
  try {
    const { bavail, bsize } = await statfs(dataFolder);
    const freeBytes = bavail * bsize;
    const ok = freeBytes >= LEAST_FREE_BYTES;
    const free = `${(freeBytes / 2 ** 20).toFixed(1)} MB are free, at least ${LEAST_FREE_BYTES / 2 ** 20} are needed`;
    return { ok, problem: ok ? null : `The disk is full: ${free}.`, freeBytes };
  } catch {
    return { ok: false, problem: 'The data folder cannot be read.', freeBytes: null };
  }
}

function databaseHealth(dataFolder: string): Health['database'] {
  let client: Database.Database | null = null;
  try {
    const file = databaseFile(dataFolder);
    client = new Database(file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
    client.prepare('select seq from audit_log order by seq desc limit 1').get();
    const damage = knownDamage(dataFolder);
    if (damage !== null)
      return { ok: false, problem: `The database file is damaged: ${damage}.`, writeLock: writeLockOf(file) };
    return { ok: true, problem: null, writeLock: writeLockOf(file) };
  } catch (error) {
    const problem = storageProblem(error)?.message ?? 'The database cannot be opened.';
    return { ok: false, problem, writeLock: 'refused' };
  } finally {
    client?.close();
  }
}

/** Asked for and given back at once: nothing is written. A lock that is taken is no fault, people's writes wait for it. */
function writeLockOf(file: string): Health['database']['writeLock'] {
  let client: Database.Database | null = null;
  try {
    client = new Database(file, { fileMustExist: true, timeout: 0 });
    client.exec('begin immediate');
    client.exec('rollback');
    return 'free';
  } catch (error) {
    return storageProblem(error)?.kind === 'locked' ? 'taken' : 'refused';
  } finally {
    client?.close();
  }
}
