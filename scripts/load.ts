/**
 * npm run load -- --annotators 200 --judgments 1000000 [--minutes 10] [--data <folder>] [--without <parts>] [--json]
 *
 * Makes a database of so many judgments (once: a folder that is there is used again), starts pages and worker on it as npm start
 * does, lets annotators work with time to think, kills the worker twice and the pages once meanwhile, and measures claims,
 * submits, the first load of every page, and an export. `--without pages,export,verify` leaves parts out. Exit code 1 when a judgment is
 * lost or doubled.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { quantile } from '../lib/statistics/bootstrap.ts';
import { readOptions, UsageError } from '../server/cli/options.ts';
import { databaseFile } from '../server/data-folder.ts';
import { ensureBuild } from './ensure-build.ts';
import { annotate, lostAndDoubled } from './load/annotate.ts';
import { makeDatabase } from './load/make-database.ts';
import { measureExport } from './load/measure-export.ts';
import { measurePages } from './load/measure-pages.ts';
import { KillableProcess, waitForHttp } from './load/processes.ts';

const MINUTE = 60_000;
/** tasks that an annotator can do in a minute, with room */
const TASKS_A_MINUTE = 15;

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const { options } = readOptions(process.argv.slice(2), {
    annotators: { type: 'string', expected: 'how many people work at once' },
    judgments: { type: 'string', expected: 'how many judgments there are before' },
    minutes: { type: 'string', expected: 'how long they work' },
    data: { type: 'string', expected: 'data folder' },
    port: { type: 'string', expected: 'a free port' },
    without: { type: 'string', expected: 'pages,export,verify' },
    json: { type: 'boolean', expected: '' },
  });
  const count = (name: 'annotators' | 'judgments' | 'minutes' | 'port', otherwise: number) => {
    const value = Number(options[name] ?? otherwise);
    if (!(value > 0)) throw new UsageError(`--${name} "${options[name]}": expected a number above 0`);
    return value;
  };
  const [numAnnotators, numJudgments] = [count('annotators', 200), count('judgments', 1_000_000)];
  const [minutes, port] = [count('minutes', 10), count('port', 4100)];
  const without = (options.without ?? '').split(',');
  const dataFolder = path.resolve(options.data ?? path.join(tmpdir(), `plumbline-load-${numJudgments}`));
  if (existsSync(dataFolder) && !existsSync(path.join(dataFolder, 'load.json')))
    throw new UsageError(`--data "${dataFolder}" is there and was not made by npm run load`);
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });

  ensureBuild();
  const numOpen = Math.ceil(numAnnotators * minutes * TASKS_A_MINUTE);
  const folder = await makeDatabase(dataFolder, { numAnnotators, numJudgments, numOpen }, say);
  say(`data: ${dataFolder}`);

  const address = `http://127.0.0.1:${port}`;
  const env = {
    ...{ NODE_ENV: 'production', NEXTAUTH_URL: address, NEXT_TELEMETRY_DISABLED: '1' },
    ...{ PLUMBLINE_DATA: dataFolder, LOG_LEVEL: 'warn' },
  };
  const next = ['node_modules/next/dist/bin/next', 'start', '-p', String(port), '-H', '127.0.0.1'];
  const web = new KillableProcess({
    ...{ name: 'web', env },
    args: ['--import', './scripts/mark-peer.mjs', ...next],
  });
  const worker = new KillableProcess({
    ...{ name: 'worker', env },
    args: ['--import', 'tsx', 'server/worker/worker.ts'],
  });
  try {
    web.start();
    worker.start();
    await waitForHttp(`${address}/api/health`, 2 * MINUTE);
    const annotators = folder.annotators.slice(0, numAnnotators);
    const endAt = Date.now() + minutes * MINUTE;
    const kills = (async () => {
      for (const [share, victim] of [
        [0.25, worker],
        [0.5, web],
        [0.75, worker],
      ] as const) {
        await sleep(Math.max(0, endAt - (1 - share) * minutes * MINUTE - Date.now()));
        await victim.kill();
        victim.start();
      }
    })();
    say(`${numAnnotators} annotators work for ${minutes} minutes`);
    const done = await annotate(address, folder.projectId, annotators, endAt);
    await kills;
    const db = new Database(databaseFile(dataFolder), { readonly: true });
    const { lost, doubled } = lostAndDoubled(db, done);
    db.close();
    say(`${done.acknowledged.length} judgments, ${done.numRetries} requests sent again`);
    const pages = without.includes('pages') ? {} : await measurePages(address, folder.emails);
    const exported = without.includes('export') ? null : await measureExport(dataFolder);
    await Promise.all([web.kill(), worker.kill()]);
    const verified = without.includes('verify') ? null : await measureVerify(dataFolder);
    const figures = {
      ...{
        claim: quantiles(done.durations['tasks.claim']),
        submit: quantiles(done.durations['judgments.record']),
      },
      ...{ lost, doubled, pages, export: exported, verify: verified },
    };
    process.stdout.write(`${JSON.stringify(figures, null, options.json ? 0 : 2)}\n`);
    return lost + doubled === 0 ? 0 : 1;
  } finally {
    await Promise.all([web.kill(), worker.kill()]);
  }
}

/** ms */
function quantiles(values: readonly number[] = []): { p50: number; p95: number; p99: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number) => (sorted.length === 0 ? 0 : Math.round(quantile(sorted, q)));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

async function measureVerify(dataFolder: string): Promise<{ ok: boolean; seconds: number }> {
  const start = performance.now();
  const args = ['--import', 'tsx', 'server/cli/verify.ts', dataFolder, '--json'];
  const said = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 }).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  );
  const { ok } = JSON.parse(said.stdout) as { ok: boolean };
  return { ok, seconds: Math.round((performance.now() - start) / 100) / 10 };
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    process.stderr.write(`npm run load: ${isUsage ? error.message : (error as Error).stack}\n`);
    process.exitCode = isUsage ? 2 : 1;
  },
);
