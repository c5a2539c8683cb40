/**
 * npm run verify -- <folder, database or backup file> [--head <file>] [--public-key <file>] [--json]
 * npm run verify -- --proof <file> [--public-key <file>] [--json]
 *
 * Checks that nothing was altered. A snapshot or an export: every file and every line against its manifest. A data folder:
 * the audit chain, what it recorded, and every snapshot, export and checkpoint. A database file: the same without the files. A
 * folder of backups, or a backup in one file: every byte, and the newest as the data folder that it would be.
 * --head brings a signed head along that was kept elsewhere: a log that was cut or written anew since is found by it.
 * --public-key names the key that must have signed the heads, of an export too. --proof checks, without a database, that a judgment is
 * in the log under a signed head (npm run prove, or the judgment's page). Exit code 0 = intact, 1 = something is broken (all of it is counted, the first thousand named), 2 = wrong use.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isSignedBy, keyIdOf } from '../../db/audit/heads.ts';
import { openReadOnly } from '../../db/open-read-only.ts';
import { SchemaError } from '../../db/schema-state.ts';
import { type Proof, proofSchema } from '../audit/proof.ts';
import type { Finding } from '../audit/schemas.ts';
import { isBackupFolder } from '../backup/format.ts';
import { openBackup } from '../backup/open-backup.ts';
import { type BackupCheck, verifyBackup, verifyBackupFile } from '../backup/verify-backup.ts';
import { databaseFile } from '../data-folder.ts';
import { MANIFEST_FILE, type Manifest, verifyFolder } from '../snapshots/manifest.ts';
import { problemOfProof } from '../verify/check-proof.ts';
import type { Progress } from '../verify/progress.ts';
import { verifyDataFolder } from '../verify/verify-data-folder.ts';
import { parseHeads, type Trusted } from '../verify/verify-heads.ts';
import { readOptions, UsageError } from './options.ts';
import { startProgressBar } from './progress-bar.ts';
import { runCommand } from './run-command.ts';

const TELL_EVERY_MS = 5000;

type Outcome = {
  kind: string;
  findings: Finding[];
  counts: Record<string, number>;
  notCovered: string[];
  /** what was erased on purpose, in words */
  erased?: string[];
  figures: Record<string, number | string>;
};

await runCommand('verify', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    json: { type: 'boolean', expected: '' },
    head: { type: 'string', expected: 'file with a signed head that was kept elsewhere' },
    'public-key': { type: 'string', expected: 'file of the key that must have signed' },
    proof: { type: 'string', expected: 'file that npm run prove has written' },
  });
  const [target = options.proof, ...more] = positionals;
  if (target === undefined || more.length > 0 || (options.proof && positionals.length > 0)) {
    throw new UsageError(
      `expected one folder (an export, a snapshot, a data folder or backups), a database or backup file, or --proof, got ${positionals.length}`,
    );
  }
  const trusted = readTrusted(options.head, options['public-key']);
  const outcome = options.proof ? verifyProof(target, trusted) : await verifyTarget(target, trusted);
  const { kind, findings, counts, notCovered, erased = [], figures } = outcome;
  const ok = findings.length === 0;
  if (options.json) {
    const broken = findings[0] ?? null;
    const report = { ok, kind, ...figures, broken, counts, findings, erased, not_covered: notCovered };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else process.stdout.write(inWords(target, outcome));
  return ok ? 0 : 1;
});

function inWords(
  target: string,
  { kind, findings, counts, notCovered, erased = [], figures }: Outcome,
): string {
  const told = [
    ...erased.map((text) => `erased: ${text}\n`),
    ...notCovered.map((text) => `not covered: ${text}\n`),
  ].join('');
  if (findings.length === 0) {
    const counted = Object.entries(figures).map(([name, value]) => `${name} ${value.toLocaleString('en')}`);
    return `Intact: ${kind} ${target} (${counted.join(', ')})\n${told}`;
  }
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const byKind = Object.entries(counts).map(([name, n]) => `${name} ${n.toLocaleString('en')}`);
  const lines = findings.map(({ where, problem }) => `${where}: ${problem}\n`).join('');
  const more = total > findings.length ? `and ${(total - findings.length).toLocaleString('en')} more\n` : '';
  return `BROKEN: ${kind} ${target} (${byKind.join(', ')})\n${lines}${more}${told}`;
}

async function verifyTarget(target: string, trusted: Trusted): Promise<Outcome> {
  if (!existsSync(target)) {
    throw new UsageError(
      `"${target}": no such file or folder; expected an export, a data folder or a database file`,
    );
  }
  if (!statSync(target).isDirectory()) {
    const source = await openBackup(target);
    if (source) return verifyBackups((tell) => verifyBackupFile(source, tell)).finally(() => source.close());
    return verifyDatabase('database', target, { dataFolder: null, trusted });
  }
  if (existsSync(databaseFile(target))) {
    return verifyDatabase('data folder', databaseFile(target), { dataFolder: path.resolve(target), trusted });
  }
  if (isBackupFolder(target)) return verifyBackups((tell) => verifyBackup(target, tell));
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
  const problem = problemOfHead(manifest, trusted);
  if (problem !== null) return broken(manifest.kind, { kind: 'head', where: MANIFEST_FILE, problem });
  const figures = { files, rows, manifest_sha256: manifestSha256 };
  return { kind: manifest.kind, figures, findings: [], counts: {}, notCovered: [] };
}

function verifyProof(file: string, { publicKey }: Trusted): Outcome {
  const proof = readProof(file);
  const problem = problemOfProof(proof, { publicKey });
  const where = path.basename(file);
  if (problem !== null) return broken('proof', { kind: 'proof', where, problem });
  const { judgment_id: judgment, record, head } = proof;
  const signed = { head: head.seq, signed_at: new Date(head.at).toISOString(), key: head.keyId };
  const figures = { judgment, record: record.seq, recorded_at: new Date(record.at).toISOString(), ...signed };
  const notCovered =
    publicKey === null ? ['whose key signed it: name the one that you trust with --public-key'] : [];
  return { kind: 'proof', figures, findings: [], counts: {}, notCovered };
}

function readProof(file: string): Proof {
  if (!existsSync(file)) throw new UsageError(`--proof "${file}": no such file`);
  try {
    return proofSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new UsageError(`--proof "${file}": expected a proof as npm run prove writes it`, { cause: error });
  }
}

async function verifyBackups(
  verify: (tell: (done: number, total: number) => void) => Promise<BackupCheck>,
): Promise<Outcome> {
  let bar: ReturnType<typeof startProgressBar> | undefined;
  const check = await verify((done, total) => {
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

async function verifyDatabase(
  kind: string,
  file: string,
  { dataFolder, trusted }: { dataFolder: string | null; trusted: Trusted },
): Promise<Outcome> {
  let open: ReturnType<typeof openReadOnly> | null = null;
  try {
    open = openReadOnly(file);
    const {
      broken: _,
      findings,
      counts,
      notCovered,
      erased,
      ...figures
    } = await verifyDataFolder(open.db, dataFolder, {
      ...{ onProgress: tellProgress(), trusted },
    });
    return { kind, figures, findings, counts, notCovered, erased };
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
function tellProgress(): Progress {
  const startedAt = Date.now();
  let told = startedAt;
  return (doing, done, total) => {
    const now = Date.now();
    if (now - told < TELL_EVERY_MS) return;
    told = now;
    const seconds = Math.round(((now - startedAt) * (total - done)) / Math.max(1, done) / 1000);
    const left = seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
    process.stderr.write(`${Math.floor((100 * done) / total)} %, about ${left} left: ${doing}\n`);
  };
}

function readTrusted(headFile: string | undefined, keyFile: string | undefined): Trusted {
  const read = (option: string, file: string) => {
    if (!existsSync(file)) throw new UsageError(`${option} "${file}": no such file`);
    return readFileSync(file, 'utf8');
  };
  try {
    const publicKey = keyFile === undefined ? null : read('--public-key', keyFile);
    if (publicKey !== null) keyIdOf(publicKey);
    return { heads: headFile === undefined ? [] : parseHeads(read('--head', headFile)), publicKey };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const expected = 'expected heads as heads.jsonl has them, and a public key in PEM';
    throw new UsageError(`--head or --public-key cannot be read; ${expected}`, { cause: error });
  }
}

/** Why the head that an export carries cannot be trusted; null when it can, or when there is none and no key was named. */
function problemOfHead({ audit_head, signed_head }: Manifest, { publicKey }: Trusted): string | null {
  if (!signed_head) return publicKey === null ? null : 'carries no signed head';
  const { public_key, ...head } = signed_head;
  if (head.seq !== audit_head.seq || head.hash !== audit_head.hash)
    return `its signed head is of record ${head.seq}, made when the log ended with ${audit_head.seq}`;
  const key = publicKey ?? public_key;
  return isSignedBy(head, key) ? null : `its head is not signed by the key ${keyIdOf(key)}`;
}
