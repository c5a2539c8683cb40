/**
 * `npm start [-- --port 3000 --host 127.0.0.1]`: builds the pages where needed, prints the address (and, until there is an
 * owner, the one-time link that makes one), then keeps web and worker running until Ctrl-C. Data: PLUMBLINE_DATA, ./data.
 */
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { SchemaError } from '../db/schema-state.ts';
import { readOptions, UsageError } from '../server/cli/options.ts';
import { DataFolderError, openDataFolder } from '../server/data-folder.ts';
import { readEnv } from '../server/env.ts';
import { HEALTH_PARTS, type Health } from '../server/health.ts';
import { quickCheck } from '../server/storage/quick-check.ts';
import { storageProblem } from '../server/storage/storage-problem.ts';
import { tightenModes } from '../server/storage/tighten-modes.ts';
import { createOwnerLink } from '../server/users/create-owner-link.ts';
import { lastHeartbeat } from '../server/worker/heartbeat.ts';
import { ensureBuild } from './ensure-build.ts';
import { supervise } from './supervise.ts';

/** how long the worker may take to come up after the pages have */
const PATIENCE_MS = 30_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { options } = readOptions(process.argv.slice(2), {
    port: { type: 'string', expected: 'a port number, 1 to 65535' },
    host: { type: 'string', expected: 'an address to listen on, such as 127.0.0.1 or 0.0.0.0' },
    'log-json': { type: 'boolean', expected: '' },
  });
  const port = Number(options.port ?? process.env.PORT ?? 3000);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError(`--port "${options.port}": expected a port number, 1 to 65535`);
  }
  const host = options.host ?? '127.0.0.1';
  await requireFreePort(port, host);
  ensureBuild();

  const address = process.env.NEXTAUTH_URL ?? `http://localhost:${port}`;
  process.env.NEXTAUTH_URL = address;
  const { PLUMBLINE_DATA } = readEnv();
  const db = openDataFolder(PLUMBLINE_DATA);
  const ownerToken = ownerLink(db);
  db.$client.close();
  examine(PLUMBLINE_DATA);

  const env = { NODE_ENV: 'production', NEXTAUTH_URL: address, NEXT_TELEMETRY_DISABLED: '1', PLUMBLINE_DATA };
  // lines of JSON would bury what people are to read here, the link above all
  const logFile = (name: string) =>
    options['log-json']
      ? {}
      : {
          PLUMBLINE_LOG_FILE:
            process.env.PLUMBLINE_LOG_FILE ?? path.join(PLUMBLINE_DATA, 'logs', `${name}.log`),
        };
  const next = path.join('node_modules', 'next', 'dist', 'bin', 'next');
  const supervisor = supervise(
    [
      {
        name: 'web',
        args: ['--import', './scripts/mark-peer.mjs', next, 'start', '-p', String(port), '-H', host],
        env: { ...env, ...logFile('web') },
        graceMs: 5000,
      },
      {
        name: 'worker',
        args: ['--import', 'tsx', 'server/worker/worker.ts'],
        env: { ...env, ...logFile('worker') },
        graceMs: 60_000,
        heartbeat: {
          last: () => lastHeartbeat(PLUMBLINE_DATA),
          silentMs: 120_000,
          startMs: 20 * 60_000,
        },
      },
    ],
    say,
  );
  const stop = () => {
    say('Stopping: the step under way ends and is saved. Once more to stop at once.');
    void supervisor.stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  if (process.env.npm_lifecycle_event === 'start') whenParentIsGone(stop);

  const problems = await waitUntilReady(
    `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/api/health`,
  );
  say(`\nPlumbline is ready: ${address}`);
  for (const problem of problems) say(`Warning: ${problem}`);
  say(
    `Data: ${PLUMBLINE_DATA}${options['log-json'] ? '' : `, logs in ${path.join(PLUMBLINE_DATA, 'logs')}`}`,
  );
  if (ownerToken !== null) {
    say(`Make the owner's account (works once, within 24 hours): ${address}/setup/${ownerToken}`);
  }
  // the demo, which has something to say after that
  process.send?.('ready');
}

/** npm hands signals on, but one that is killed cannot: what it started ends then too. */
function whenParentIsGone(then: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, 1000);
  timer.unref();
}

/** Null where there is an owner; and where nothing can be written, which is said: who has an account can still read and judge. */
function ownerLink(db: Db): string | null {
  try {
    return createOwnerLink({ ctx: { db, now: Date.now } });
  } catch (error) {
    const problem = storageProblem(error);
    if (problem === null) throw error;
    say(`Warning: ${problem.message}`);
    return null;
  }
}

/** What is wrong with the folder is said and does not keep anybody from working: judging goes on where it can. */
function examine(dataFolder: string): void {
  const tightened = tightenModes(dataFolder);
  if (tightened > 0)
    say(
      `${tightened} files and folders in ${dataFolder} were open to other users of this machine; now they are not.`,
    );
  const found = quickCheck(dataFolder);
  if (found === 'unfinished')
    say('The database is too large to be looked through at every start; npm run verify does it.');
  else if (found !== null)
    say(
      `Warning: the database file is damaged (${found}). npm run verify says more; npm run restore puts a backup in another folder.`,
    );
}

/** A busy port would only show as a web process that dies again and again. */
async function requireFreePort(port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(
          error.code === 'EADDRINUSE'
            ? `Port ${port} on ${host} is in use: stop what listens there, or give another with --port.`
            : `Cannot listen on ${host}:${port}: ${error.message}`,
        ),
      ),
    );
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

/** Waits until all is well, or for a while after the pages answer that it is not. Returns what is wrong then. */
async function waitUntilReady(url: string): Promise<string[]> {
  let answeredAt: number | null = null;
  for (;;) {
    const health = await fetch(url)
      .then((answer) => answer.json() as Promise<Health>)
      .catch(() => null);
    if (health?.ok) return [];
    if (health) answeredAt ??= Date.now();
    if (health && answeredAt !== null && Date.now() - answeredAt > PATIENCE_MS)
      return HEALTH_PARTS.flatMap((part) => health[part].problem ?? []);
    await sleep(200);
  }
}

main().catch((error: unknown) => {
  const isUsage = [UsageError, SchemaError, DataFolderError].some((kind) => error instanceof kind);
  const problem = storageProblem(error);
  process.stderr.write(
    `npm start: ${error instanceof Error ? (problem?.message ?? (isUsage ? error.message : error.stack)) : error}\n`,
  );
  process.exitCode = isUsage ? 2 : 1;
});
