import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { databaseFile } from '../data-folder.ts';

/** What the last start found, for the pages to say. */
const RESULT_FILE = 'quick-check.json';
const resultSchema = z.object({ at: z.int(), problem: z.string().nullable() });

const SCRIPT = `
  import Database from 'better-sqlite3';
  const db = new Database(process.argv[1], { readonly: true, fileMustExist: true, timeout: 5000 });
  console.log(db.pragma('quick_check(1)', { simple: true }));
`;

/**
 * Looks every page of the database through, for so long at most: it runs in a process of its own, since nothing else can end it. What
 * it finds is kept beside the database. Returns the damage in words; null for none; 'unfinished' for a file too large for the time.
 */
export function quickCheck(dataFolder: string, { timeoutMs = 20_000 } = {}): string | null | 'unfinished' {
  const file = databaseFile(dataFolder);
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', SCRIPT, file],
    { timeout: timeoutMs, killSignal: 'SIGKILL', encoding: 'utf8' },
  );
  if (signal === 'SIGKILL') return 'unfinished';
  const found =
    status === 0 ? stdout.trim() : (/(?:SqliteError: .*)/.exec(stderr)?.[0] ?? 'it cannot be read');
  const problem = found === 'ok' ? null : found.replaceAll(/\s+/g, ' ').slice(0, 300);
  try {
    writeFileSync(path.join(dataFolder, RESULT_FILE), JSON.stringify({ at: Date.now(), problem }), {
      mode: 0o600,
    });
  } catch {
    // a full or read-only disk: it was said at the start, and health says that too
  }
  return problem;
}

/** What the last start found wrong with the database, null for nothing. */
export function knownDamage(dataFolder: string): string | null {
  try {
    const parsed = resultSchema.safeParse(
      JSON.parse(readFileSync(path.join(dataFolder, RESULT_FILE), 'utf8')),
    );
    return parsed.success ? parsed.data.problem : null;
  } catch {
    return null;
  }
}
