/**
 * npm run verify -- <folder or database file> [--json]
 *
 * Checks that nothing was altered. A snapshot or an export: every file and every line against its manifest. A data folder:
 * the audit chain, what it recorded, and every snapshot, export and checkpoint. A database file: the same without the files. A
 * folder of backups: every byte, and the newest as the data folder that it would be.
 * Exit code 0 = intact, 1 = something is broken (all of it is counted, the first thousand named), 2 = wrong use.
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

const TELL_EVERY_MS = 5000;

type Outcome = {
  kind: string;
  findings: Finding[];
  counts: Record<string, number>;
  notCovered: string[];
  figures: Record<string, number | string>;
};

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
  const outcome = await verifyTarget(target);
  const { kind, findings, counts, notCovered, figures } = outcome;
  const ok = findings.length === 0;
  if (options.json) {
    const broken = findings[0] ?? null;
    const report = { ok, kind, ...figures, broken, counts, findings, not_covered: notCovered };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else process.stdout.write(inWords(target, outcome));
  return ok ? 0 : 1;
});

function inWords(target: string, { kind, findings, counts, notCovered, figures }: Outcome): string {
  const uncovered = notCovered.map((text) => `not covered: ${text}\n`).join('');
  if (findings.length === 0) {
    const counted = Object.entries(figures).map(([name, value]) => `${name} ${value.toLocaleString('en')}`);
    return `Intact: ${kind} ${target} (${counted.join(', ')})\n${uncovered}`;
  }
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const byKind = Object.entries(counts).map(([name, n]) => `${name} ${n.toLocaleString('en')}`);
  const lines = findings.map(({ where, problem }) => `${where}: ${problem}\n`).join('');
  const more = total > findings.length ? `and ${(total - findings.length).toLocaleString('en')} more\n` : '';
  return `BROKEN: ${kind} ${target} (${byKind.join(', ')})\n${lines}${more}${uncovered}`;
}

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
    return broken('export', { kind: 'file', where, problem: check.message });
  }
  const { files, rows, manifestSha256, manifest } = check;
  const figures = { files, rows, manifest_sha256: manifestSha256 };
  return { kind: manifest.kind, figures, findings: [], counts: {}, notCovered: [] };
}

async function verifyBackups(target: string): Promise<Outcome> {
  let bar: ReturnType<typeof startProgressBar> | undefined;
  const check = await verifyBackup(target, (done, total) => {
    bar ??= startProgressBar('verify', total);
    bar.update(done, `${done} files`);
  }).finally(() => bar?.stop());
  const { backups, files, newest } = check;
  const { records = 0, head = '', judgments = 0, notCovered = [] } = newest ?? {};
  const figures = { backups, files, records, head, judgments };
  if (check.broken && !newest?.broken) return { ...broken('backup', check.broken), figures };
  const { findings = [], counts = {} } = newest ?? {};
  return { kind: 'backup', figures, findings, counts, notCovered };
}

async function verifyDatabase(kind: string, file: string, dataFolder: string | null): Promise<Outcome> {
  let open: ReturnType<typeof openReadOnly> | null = null;
  try {
    open = openReadOnly(file);
    const {
      broken: _,
      findings,
      counts,
      notCovered,
      ...figures
    } = await verifyDataFolder(open.db, dataFolder, {
      onProgress: tellProgress(),
    });
    return { kind, figures, findings, counts, notCovered };
  } catch (error) {
    if (error instanceof SchemaError) throw new UsageError(error.message, { cause: error });
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_CANTOPEN') {
      throw new UsageError(`"${file}" cannot be opened as a database: ${error.message}`, { cause: error });
    }
    // damage below the rows: pages of the file itself
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_'))) throw error;
    return broken(kind, { kind: 'database', where: path.basename(file), problem: error.message });
  } finally {
    open?.close();
  }
}

function broken(kind: string, finding: Finding): Outcome {
  return { kind, figures: {}, findings: [finding], counts: { [finding.kind]: 1 }, notCovered: [] };
}

/** A line on stderr every few seconds: a large folder takes minutes. */
function tellProgress(): (doing: string, done: number) => void {
  let told = Date.now();
  return (doing, done) => {
    if (Date.now() - told < TELL_EVERY_MS) return;
    told = Date.now();
    process.stderr.write(`${doing}: ${done.toLocaleString('en')}\n`);
  };
}
