import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The secret that signs sessions: made at first use and kept in the data folder, readable by its owner only. Two processes
 * starting at once agree, because the file is created exclusively.
 */
export function sessionSecret(dataFolder: string, given?: string): string {
  if (given) return given;
  const file = path.join(dataFolder, 'session-secret');
  try {
    writeFileSync(file, randomBytes(48).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new Error(`Cannot write the session secret to ${file}`, { cause });
    }
  }
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length < 32)
    throw new Error(`${file} is damaged: ${secret.length} characters, expected at least 32`);
  return secret;
}
