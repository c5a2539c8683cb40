import pino, { type Logger } from 'pino';
import { readEnv } from './env.ts';

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

let logger: Logger | undefined;

/** The process's logger: JSON lines on standard output, secrets replaced wherever they stand in the logged object. */
export function log(): Logger {
  logger ??= pino({
    level: readEnv().LOG_LEVEL,
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
  });
  return logger;
}
