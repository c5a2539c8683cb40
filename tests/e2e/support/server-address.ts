import { tmpdir } from 'node:os';
import path from 'node:path';

/** Where the tests' own server listens and keeps its data: away from any real one. */
export const PORT = Number(process.env.E2E_PORT ?? 4173);
export const ADDRESS = `http://localhost:${PORT}`;
export const DATA_FOLDER = process.env.E2E_DATA ?? path.join(tmpdir(), `plumbline-e2e-${PORT}`);
/** what the server printed, with the one-time link of the owner */
export const CONSOLE_FILE = `${DATA_FOLDER}.log`;
