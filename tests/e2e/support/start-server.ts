/** Starts the real thing (pages and worker, as `npm start` does) on an empty data folder, and keeps what it prints. */
import { spawn } from 'node:child_process';
import { createWriteStream, rmSync } from 'node:fs';
import { CONSOLE_FILE, DATA_FOLDER, PORT } from './server-address.ts';

rmSync(DATA_FOLDER, { recursive: true, force: true });
const consoleFile = createWriteStream(CONSOLE_FILE);
const server = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts', '--port', String(PORT)], {
  stdio: ['ignore', 'pipe', 'pipe'],
  env: {
    ...process.env,
    PLUMBLINE_DATA: DATA_FOLDER,
    NEXTAUTH_URL: `http://localhost:${PORT}`,
    // the journeys are about the pages: their times must not depend on what is installed
    PLUMBLINE_BACKEND: process.env.E2E_BACKEND ?? 'simd',
    LOG_LEVEL: 'warn',
  },
});
for (const stream of [server.stdout, server.stderr]) {
  stream.pipe(process.stdout, { end: false });
  stream.pipe(consoleFile, { end: false });
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => server.kill(signal));
server.once('exit', (code) => process.exit(code ?? 1));
