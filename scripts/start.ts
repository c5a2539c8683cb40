/**
 * `npm start [-- --port 3000 --host 127.0.0.1]`: builds the pages where needed, prints the address (and, until there is an
 * owner, the one-time link that makes one), then keeps web and worker running until Ctrl-C. Data: PLUMBLINE_DATA, ./data.
 */
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SchemaError } from '../db/schema-state.ts';
import { readOptions, UsageError } from '../server/cli/options.ts';
import { openDataFolder } from '../server/data-folder.ts';
import { readEnv } from '../server/env.ts';
import { createOwnerLink } from '../server/users/create-owner-link.ts';
import { lastHeartbeat } from '../server/worker/heartbeat.ts';
import { ensureBuild } from './ensure-build.ts';
import { supervise } from './supervise.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { options } = readOptions(process.argv.slice(2), {
    port: { type: 'string', expected: 'a port number, 1 to 65535' },
    host: { type: 'string', expected: 'an address to listen on, such as 127.0.0.1 or 0.0.0.0' },
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
  const ownerToken = createOwnerLink({ ctx: { db, now: Date.now } });
  db.$client.close();

  const env = { NODE_ENV: 'production', NEXTAUTH_URL: address, NEXT_TELEMETRY_DISABLED: '1', PLUMBLINE_DATA };
  const next = path.join('node_modules', 'next', 'dist', 'bin', 'next');
  const supervisor = supervise(
    [
      {
        name: 'web',
        args: ['--import', './scripts/mark-peer.mjs', next, 'start', '-p', String(port), '-H', host],
        env,
        graceMs: 5000,
      },
      {
        name: 'worker',
        args: ['--import', 'tsx', 'server/worker/worker.ts'],
        env,
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
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say('Stopping: the step under way ends and is saved. Once more to stop at once.');
      void supervisor.stop().then(() => process.exit(0));
    });
  }

  await waitUntilReady(`http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/api/health`);
  say(`\nPlumbline is ready: ${address}`);
  say(`Data: ${PLUMBLINE_DATA}`);
  if (ownerToken !== null) {
    say(`Make the owner's account (works once, within 24 hours): ${address}/setup/${ownerToken}`);
  }
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

async function waitUntilReady(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await sleep(200);
  }
}

main().catch((error: unknown) => {
  const isUsage = error instanceof UsageError || error instanceof SchemaError;
  process.stderr.write(
    `npm start: ${error instanceof Error ? (isUsage ? error.message : error.stack) : error}\n`,
  );
  process.exitCode = isUsage ? 2 : 1;
});
