/**
 * npm run verify -- <folder or database file> [--json]
 *
 * Checks that nothing was altered. A snapshot or an export: every file and every line against its manifest. A data folder:
 * the audit chain, what it recorded, and every snapshot, export and checkpoint. A database file: the same without the files. A
 * folder of backups: every byte, and the newest as the data folder that it would be.
 * Exit code 0 = intact, 1 = something is broken (the first such thing is named), 2 = wrong use.
 */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { openReadOnly } from '../../db/open-read-only.ts';
import { SchemaError } from '../../db/schema-state.ts';
import type { Finding } from '../audit/schemas.ts';
import { isBackupFolder } from '../backup/format.ts';
import { verifyBackup } from '../backup/verify-backup.ts';
import { databaseFile } from '../data-folder.ts';
import { MANIFEST_FILE, verifyFolder } from '../snapshots/manifest.ts';
import { verifyDataFolder } from '../verify/verify-data-folder.ts';
import { readOptions, UsageError } from './options.ts';
import { startProgressBar } from './progress-bar.ts';
import { runCommand } from './run-command.ts';

type Outcome = { kind: string; broken: Finding | null; figures: Record<string, number | string> };

await runCommand('verify', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    json: { type: 'boolean', expected: '' },
  });
  const [target, ...more] = positionals;
  if (target === undefined || more.length > 0) {
    throw new UsageError(
      `expected one folder (an export, a snapshot, a data folder or backups) or database file, got ${positionals.length}`,
    );
  }
  const { kind, broken, figures } = await verifyTarget(target);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ok: broken === null, kind, ...figures, broken })}\n`);
  } else if (broken === null) {
    const counted = Object.entries(figures).map(([name, value]) => `${name} ${value.toLocaleString('en')}`);
    process.stdout.write(`Intact: ${kind} ${target} (${counted.join(', ')})\n`);
  } else {
    process.stdout.write(`BROKEN: ${kind} ${target}\n${broken.where}: ${broken.problem}\n`);
  }
  return broken === null ? 0 : 1;
});

async function verifyTarget(target: string): Promise<Outcome> {
  if (!existsSync(target)) {
    throw new UsageError(
      `"${target}": no such file or folder; expected an export, a data folder or a database file`,
    );
  }
  if (!statSync(target).isDirectory()) return verifyDatabase('database', target, null);
  if (existsSync(databaseFile(target))) {
    return verifyDatabase('data folder', databaseFile(target), path.resolve(target));
  }
  if (isBackupFolder(target)) return verifyBackups(target);
  if (!existsSync(path.join(target, MANIFEST_FILE))) {
    throw new UsageError(
      `"${target}": neither ${MANIFEST_FILE} nor ${path.basename(databaseFile(target))} in it; expected an export, a snapshot or a data folder`,
    );
  }
  const check = await verifyFolder(target);
  if (!check.ok) {
    const where = check.line === null ? check.file : `${check.file}:${check.line}`;
    return { kind: 'export', figures: {}, broken: { where, problem: check.message } };
  }
  const { files, rows, manifestSha256, manifest } = check;
  return { kind: manifest.kind, figures: { files, rows, manifest_sha256: manifestSha256 }, broken: null };
}

async function verifyBackups(target: string): Promise<Outcome> {
  let bar: ReturnType<typeof startProgressBar> | undefined;
  const check = await verifyBackup(target, (done, total) => {
    bar ??= startProgressBar('verify', total);
    bar.update(done, `${done} files`);
  }).finally(() => bar?.stop());
  const { backups, files, newest, broken } = check;
  const { records = 0, head = '', judgments = 0 } = newest ?? {};
  return { kind: 'backup', figures: { backups, files, records, head, judgments }, broken };
}

async function verifyDatabase(kind: string, file: string, dataFolder: string | null): Promise<Outcome> {
  let open: ReturnType<typeof openReadOnly> | null = null;
  try {
    open = openReadOnly(file);
    const { broken, ...figures } = await verifyDataFolder(open.db, dataFolder);
    return { kind, figures, broken };
  } catch (error) {
    if (error instanceof SchemaError) throw new UsageError(error.message, { cause: error });
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_CANTOPEN') {
      throw new UsageError(`"${file}" cannot be opened as a database: ${error.message}`, { cause: error });
    }
    // damage below the rows: pages of the file itself
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_'))) throw error;
    return { kind, figures: {}, broken: { where: path.basename(file), problem: error.message } };
  } finally {
    open?.close();
  }
}
