import { createHash, type Hash, hash as hashOnce, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { DomainError } from '../errors.ts';
import { buildManifest, HOW_TO_CHECK, MANIFEST_FILE, type Manifest, ROWS_FILE } from './manifest.ts';

const BUFFER_BYTES = 256 * 1024;
/** Somebody who writes a folder writes at least this often; a number of a process may be another's by then. */
const SILENT_MS = 3_600_000;
/** Of this process: after a restart in a container the number is the same, and the folders are not. */
const beingWritten = new Set<string>();

type OpenFile = {
  name: string;
  fd: number;
  hash: Hash;
  bytes: number;
  lines: number;
  waiting: (string | Uint8Array)[];
  waitingBytes: number;
};

/**
 * Writes a folder of data files with its manifest. Everything goes into a temporary folder beside the target, is synced,
 * and takes the target's name as the last act: a folder under its own name is whole.
 */
export class FolderWriter {
  readonly #target: string;
  readonly #temporary: string;
  readonly #files = new Map<string, OpenFile>();
  readonly #rows: OpenFile;

  /** Throws `conflict` when the target holds anything but an earlier folder of this kind. */
  constructor(target: string) {
    this.#target = path.resolve(target);
    replaceableFiles(this.#target);
    // a name of its own: two in one process may write the same target
    this.#temporary = `${this.#target}.partial-${process.pid}-${randomBytes(6).toString('hex')}`;
    sweepPartials(path.dirname(this.#target), path.basename(this.#target));
    mkdirSync(this.#temporary, { recursive: true });
    beingWritten.add(this.#temporary);
    this.#rows = this.#open(ROWS_FILE);
  }

  /** Makes a data file, also when no line follows. */
  addFile(name: string): void {
    if (!this.#files.has(name)) this.#files.set(name, this.#open(name));
  }

  /** Adds one row of data; a text with newlines in it (CSV) counts as that many lines. */
  addRow(name: string, row: string): void {
    this.addFile(name);
    const file = this.#files.get(name) as OpenFile;
    for (const line of row.split('\n')) {
      file.lines += 1;
      const hash = hashOnce('sha256', line, 'hex');
      this.#rows.lines += 1;
      this.#write(this.#rows, `${hash}  ${name}:${file.lines}\n`);
    }
    this.#write(file, `${row}\n`);
  }

  /** Adds bytes as they are. They have no lines: a change in them is found by the hash of their file alone. */
  addBytes(name: string, bytes: Uint8Array): void {
    this.addFile(name);
    // a copy: whoever made them may fill the same buffer again
    this.#write(this.#files.get(name) as OpenFile, Uint8Array.from(bytes));
  }

  /** Writes the manifest and gives the folder its name. Returns the manifest's sha256. */
  finish(fields: Omit<Manifest, 'plumbline' | 'self_sha256' | 'files'>): string {
    const files = [...this.#files.values(), this.#rows].map((file) => this.#close(file));
    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    const manifest = buildManifest({ ...fields, how_to_check: HOW_TO_CHECK, files });
    const file = this.#open(MANIFEST_FILE);
    this.#write(file, manifest);
    const { sha256 } = this.#close(file);
    for (const name of replaceableFiles(this.#target)) rmSync(path.join(this.#target, name));
    if (existsSync(this.#target)) rmdirSync(this.#target);
    mkdirSync(path.dirname(this.#target), { recursive: true });
    renameSync(this.#temporary, this.#target);
    syncFolder(path.dirname(this.#target));
    return sha256;
  }

  /** Leaves nothing behind. Safe to call after finish. */
  abandon(): void {
    for (const file of [...this.#files.values(), this.#rows]) {
      if (file.fd >= 0) closeSync(file.fd);
      file.fd = -1;
    }
    rmSync(this.#temporary, { recursive: true, force: true });
    beingWritten.delete(this.#temporary);
  }

  #open(name: string): OpenFile {
    const fd = openSync(path.join(this.#temporary, name), 'wx', 0o600);
    return { name, fd, hash: createHash('sha256'), bytes: 0, lines: 0, waiting: [], waitingBytes: 0 };
  }

  #write(file: OpenFile, data: string | Uint8Array): void {
    file.waiting.push(data);
    file.waitingBytes += data.length;
    if (file.waitingBytes >= BUFFER_BYTES) flush(file);
  }

  #close(file: OpenFile): Manifest['files'][number] {
    flush(file);
    fsyncSync(file.fd);
    closeSync(file.fd);
    file.fd = -1;
    return { path: file.name, bytes: file.bytes, lines: file.lines, sha256: file.hash.digest('hex') };
  }
}

/** Removes what killed processes have left half-written in a folder; with a name, of that target alone. */
export function sweepPartials(folder: string, target: string | null = null): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const [, base, pid] = /^(.+)\.partial-(\d+)(?:-[0-9a-f]+)?$/.exec(name) ?? [];
    if (pid === undefined || (target !== null && base !== target)) continue;
    const partial = path.resolve(folder, name);
    if (isBeingWritten(partial, Number(pid))) continue;
    rmSync(partial, { recursive: true, force: true });
  }
}

function isBeingWritten(partial: string, pid: number): boolean {
  if (pid === process.pid) return beingWritten.has(partial);
  return isAlive(pid) && lastWritten(partial) > Date.now() - SILENT_MS;
}

/** ms; 0 for what has vanished meanwhile */
function lastWritten(folder: string): number {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const times = ['.', ...names].map(
    (name) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.max(...times);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // somebody else's process is one
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function flush(file: OpenFile): void {
  const bytes = Buffer.concat(
    file.waiting.map((data) => (typeof data === 'string' ? Buffer.from(data, 'utf8') : data)),
  );
  file.waiting = [];
  file.waitingBytes = 0;
  file.hash.update(bytes);
  file.bytes += bytes.length;
  for (let from = 0; from < bytes.length; ) from += writeSync(file.fd, bytes, from);
}

/** Files of an earlier folder of ours, which may be replaced; [] for a target that is missing or empty. Throws `conflict` else. */
function replaceableFiles(target: string): string[] {
  const found = existsSync(target) ? readdirSync(target) : [];
  if (found.length === 0) return [];
  const listed = [MANIFEST_FILE, ...listedFiles(path.join(target, MANIFEST_FILE))];
  const stranger = found.find((name) => !listed.includes(name));
  if (stranger === undefined) return found;
  throw new DomainError(
    'conflict',
    `"${target}" holds "${stranger}", which is no file of an earlier export; expected a new or empty folder.`,
  );
}

function listedFiles(manifestFile: string): string[] {
  try {
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as Partial<Manifest>;
    return manifest.plumbline === 'manifest/1' ? (manifest.files ?? []).map((file) => file.path) : [];
  } catch {
    // no manifest or a damaged one: then nothing in there is known to be ours
    return [];
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
