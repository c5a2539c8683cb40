/** The database is locked for longer than the worker waits, or the disk is full: each lane goes on by itself afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { asc } from 'drizzle-orm';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Db } from '../../db/client.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { holdLock } from '../../tests/support/hold-lock.ts';
import { databaseFile, openDataFolder } from '../data-folder.ts';
import { enqueueJob, finishJob } from '../jobs/queue.ts';
import type { JobContext } from './job-context.ts';
import { jobHandlers } from './job-handlers.ts';
import { work } from './work.ts';

let folder: string;
let db: Db;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plumbline-held-up-'));
  db = openDataFolder(folder);
  // what the lock outlasts; ten seconds outside of tests
  db.$client.pragma('busy_timeout = 100');
  enqueueJob({ db, now: Date.now }, { kind: 'benchmark', payload: {} });
  enqueueJob({ db, now: Date.now }, { kind: 'import', payload: { importId: 'x' } });
});
afterEach(() => {
  db.$client.close();
  rmSync(folder, { recursive: true, force: true });
});

const all = () => db.select().from(jobs).orderBy(asc(jobs.id)).all();
const end = ({ ctx, lease }: JobContext) => {
  finishJob(ctx.db, lease, ctx.now());
};

/** Works with handlers of our own for one job of each lane, until both are done. */
async function workUntilDone(handle: (context: JobContext) => Promise<void> | void) {
  const stop = new AbortController();
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const handler = async () => ({ handle: async (context: JobContext) => handle(context) });
  const done = work({
    db,
    dataFolder: folder,
    backend: null,
    handlers: { ...jobHandlers, benchmark: handler, import: handler },
    signal: stop.signal,
    owner: 'test',
    log: logger,
    pollMs: 20,
    tickMs: 50,
    leaseMs: 300,
    heartbeatMs: 100,
  });
  await vi.waitFor(() => expect(all().map(({ status }) => status)).toEqual(['done', 'done']), {
    timeout: 25_000,
    interval: 50,
  });
  stop.abort();
  await done;
  return lines.map((line) => JSON.parse(line) as { msg: string; lane?: string; err?: { code?: string } });
}

describe('a worker that is held up', () => {
  it('by a lock when it claims: all lanes go on, with a line in the log', async () => {
    const { released } = await holdLock(databaseFile(folder), 2000);
    const lines = await workUntilDone(end);
    await released;
    expect(all().map(({ attempts }) => attempts)).toEqual([1, 1]);
    for (const lane of ['device', 'light', 'check'])
      expect(lines.find((line) => line.lane === lane)).toMatchObject({
        msg: 'lane held up; it goes on by itself',
        err: { code: 'SQLITE_BUSY' },
      });
  }, 30_000);

  it('by a lock in the middle of a job: it is given back when that can be written, and the attempt does not count', async () => {
    let isFirst = true;
    const lines = await workUntilDone(async (context) => {
      if (isFirst) {
        isFirst = false;
        // longer than the lease: nobody else is given the job meanwhile
        await holdLock(databaseFile(folder), 1500);
      }
      end(context);
    });
    expect(all().map(({ attempts }) => attempts)).toEqual([1, 1]);
    expect(lines.map(({ msg }) => msg)).toContain('job broke off: the disk or the database refused');
  }, 30_000);

  it('by a full disk: real writes fail, and go on when there is room', async () => {
    const pages = db.$client.pragma('page_count', { simple: true }) as number;
    db.$client.pragma(`max_page_count = ${pages}`);
    setTimeout(() => db.$client.pragma('max_page_count = 1000000'), 1500);
    const lines = await workUntilDone((context) => {
      // more than the free pages hold
      context.ctx.db.$client.exec('create table if not exists filler (text text)');
      context.ctx.db.$client.prepare('insert into filler values (?)').run('x'.repeat(200_000));
      end(context);
    });
    expect(all().map(({ attempts }) => attempts)).toEqual([1, 1]);
    expect(lines.some(({ err }) => err?.code === 'SQLITE_FULL')).toBe(true);
  }, 30_000);

  it('by an error of the disk at every claim for a while', async () => {
    const { $client } = db;
    const prepare = $client.prepare.bind($client);
    let failures = 0;
    vi.spyOn($client, 'prepare').mockImplementation((sql: string) => {
      if (/^update "jobs" set "status"/.test(sql) && failures < 6) {
        failures += 1;
        throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_WRITE');
      }
      return prepare(sql) as never;
    });
    const lines = await workUntilDone(end);
    expect(failures).toBe(6);
    expect(lines.filter(({ err }) => err?.code === 'SQLITE_IOERR_WRITE').length).toBe(6);
  }, 30_000);
});
