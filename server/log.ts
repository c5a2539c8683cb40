import { AsyncLocalStorage } from 'node:async_hooks';
import pino, { type Logger } from 'pino';
import { readEnv } from './env.ts';
import { openLogFile } from './log-file.ts';

const SECRET_KEYS = [
  'password',
  'currentPassword',
  'newPassword',
  'token',
  'leaseToken',
  'secret',
  'authorization',
  'cookie',
];

type LogFields = { requestId: string } | { jobId: string };

// on globalThis: Next bundles this file once for every route, and they are to share one file
const kept = globalThis as typeof globalThis & {
  plumblineLog?: { logger: Logger; fields: AsyncLocalStorage<LogFields> };
};

/**
 * The process's logger: JSON lines on standard output, or in PLUMBLINE_LOG_FILE; secrets are replaced wherever they stand in the
 * logged object. What is logged within `withLogFields` carries the id of its request or job.
 */
export function log(): Logger {
  return shared().logger;
}

/** Runs work whose log lines all carry the id of the request or the job that caused them. */
export function withLogFields<Result>(fields: LogFields, work: () => Result): Result {
  return shared().fields.run(fields, work);
}

function shared() {
  kept.plumblineLog ??= create();
  return kept.plumblineLog;
}

function create() {
  const { LOG_LEVEL, PLUMBLINE_LOG_FILE } = readEnv();
  const fields = new AsyncLocalStorage<LogFields>();
  const options = {
    level: LOG_LEVEL,
    mixin: () => ({ ...fields.getStore() }),
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
  };
  const logger =
    PLUMBLINE_LOG_FILE === undefined ? pino(options) : pino(options, openLogFile(PLUMBLINE_LOG_FILE));
  return { logger, fields };
}
