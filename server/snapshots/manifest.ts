/**
 * Manifests of snapshot and export folders: what is in the folder, why, and the sha256 of every file and every line. Pure
 * of database and web: `verifyFolder` needs the folder only, so that whoever got an export can check it.
 *
 * Layout: manifest.json lists all other files. rows.sha256 has one line for each line of the data files,
 * "<sha256>  <file>:<line>", so that a changed byte is named by its row. manifest.json carries the hash of itself without
 * that one field.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { hashFile } from '../../lib/hash-file.ts';
import { readLines } from '../../lib/read-lines.ts';
import { snapshotConditions } from '../../lib/snapshot-query.ts';

export const MANIFEST_FILE = 'manifest.json';
export const ROWS_FILE = 'rows.sha256';

/** What a manifest that is written now says to whoever got the folder. */
export const HOW_TO_CHECK =
  'npm run verify -- <this folder> --public-key <file>: every byte against this manifest, and that its head was signed by that key (npm run prove -- --public-key, or the audit page). npm run verify -- <data folder> --head <this manifest>: that the log still is what it was.';

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const counts = z.record(z.string(), z.number().int());
const manifestSchema = z.strictObject({
  plumbline: z.literal('manifest/1'),
  kind: z.enum(['snapshot', 'export']),
  /** null in a snapshot */
  format: z.string().nullable(),
  snapshot_id: z.string(),
  /** sha256 of the snapshot's manifest.json, null in the snapshot itself */
  snapshot_manifest_sha256: sha256Hex.nullable(),
  project_id: z.string(),
  /** of the snapshot, UTC ms */
  created_at: z.number().int(),
  code_version: z.string(),
  query: z.strictObject({
    ...snapshotConditions,
    sources: z.array(z.string()),
    until: z.number().int(),
    annotators: z.array(z.string()).nullable(),
    // people are named by pseudonym
    annotatorIds: z.undefined().optional(),
  }),
  seed: z.number().int(),
  counts: z.strictObject({
    /** judgments of the snapshot */
    judgments: z.number().int(),
    by_source: counts,
    /** left out of the snapshot, by reason */
    dropped: counts,
    /** comparisons or lines of data in this folder */
    rows: z.number().int(),
    /** lines of left-out.jsonl in the snapshot: superseded revisions and judgments marked as not rankable */
    left_out_rows: z.number().int().optional(),
    /** judgments or comparisons of the snapshot that this format cannot say, by reason */
    not_exported: counts,
  }),
  /** last record of the audit log when the judgments were selected */
  audit_head: z.strictObject({ seq: z.number().int(), hash: sha256Hex }),
  /** the same, signed (db/audit/heads.ts): whoever has this folder can tell a log that was cut or written anew since */
  signed_head: z
    .strictObject({
      ...{ seq: z.number().int(), hash: sha256Hex, root: sha256Hex, at: z.number().int() },
      ...{ keyId: sha256Hex, signature: z.string(), public_key: z.string() },
    })
    .optional(),
  /** for whoever got the folder */
  how_to_check: z.string().optional(),
  files: z.array(
    z.strictObject({ path: z.string(), bytes: z.number().int(), lines: z.number().int(), sha256: sha256Hex }),
  ),
  self_sha256: sha256Hex,
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The text of manifest.json. The same fields give the same bytes. */
export function buildManifest(fields: Omit<Manifest, 'plumbline' | 'self_sha256'>): string {
  const unsigned = { plumbline: 'manifest/1' as const, ...fields };
  const manifest: Manifest = { ...unsigned, self_sha256: sha256(canonicalJson(unsigned)) };
  return `${JSON.stringify(JSON.parse(canonicalJson(manifest)), null, 2)}\n`;
}

export type FolderCheck =
  | { ok: true; manifest: Manifest; manifestSha256: string; rows: number; files: number }
  | { ok: false; file: string; line: number | null; message: string };

/** Checks every byte of a folder against its manifest and names the first file, and line, that is not as it was written. */
export async function verifyFolder(folder: string): Promise<FolderCheck> {
  const read = readManifest(folder);
  if (!read.ok) return read;
  const { manifest, manifestSha256 } = read;
  const listed = new Map(manifest.files.map((file) => [file.path, file]));
  // the list of line hashes first: the other files are judged by it
  const order = [...manifest.files].sort(
    (a, b) => Number(b.path === ROWS_FILE) - Number(a.path === ROWS_FILE),
  );
  for (const file of order) {
    const found = await sha256OfFile(path.join(folder, file.path));
    if (found === null) return broken(file.path, null, 'the file is missing');
    if (found === file.sha256) continue;
    const line = file.path === ROWS_FILE ? null : await firstBrokenLine(folder, file.path);
    return broken(file.path, line, `sha256 is ${found}, the manifest says ${file.sha256}`);
  }
  const stranger = readdirSync(folder).find((name) => name !== MANIFEST_FILE && !listed.has(name));
  if (stranger !== undefined) return broken(stranger, null, 'the manifest does not list this file');
  return { ok: true, manifest, manifestSha256, rows: manifest.counts.rows, files: manifest.files.length };
}

function readManifest(
  folder: string,
): { ok: true; manifest: Manifest; manifestSha256: string } | Extract<FolderCheck, { ok: false }> {
  let text: string;
  try {
    text = readFileSync(path.join(folder, MANIFEST_FILE), 'utf8');
  } catch (cause) {
    return broken(MANIFEST_FILE, null, `cannot be read: ${cause instanceof Error ? cause.message : cause}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return broken(MANIFEST_FILE, null, 'is not JSON');
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return broken(MANIFEST_FILE, null, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not fit'}`);
  }
  const { self_sha256, plumbline: _plumbline, ...fields } = parsed.data;
  if (buildManifest(fields) !== text) {
    return broken(MANIFEST_FILE, null, `was changed: it does not give its own hash ${self_sha256}`);
  }
  const unsafe = parsed.data.files.find((file) => path.basename(file.path) !== file.path);
  if (unsafe) return broken(MANIFEST_FILE, null, `files: "${unsafe.path}" is no plain file name`);
  return { ok: true, manifest: parsed.data, manifestSha256: sha256(text) };
}

/** Null for a file that is not there. */
async function sha256OfFile(file: string): Promise<string | null> {
  try {
    return (await hashFile(file)).sha256;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** 1 for the first line; null when the file has no line hashes. Both files are read side by side, nothing is held. */
async function firstBrokenLine(folder: string, name: string): Promise<number | null> {
  const actual = hashLines(path.join(folder, name));
  let expectedLines = 0;
  for await (const entry of readLines(path.join(folder, ROWS_FILE))) {
    if (!('line' in entry) || !entry.line.slice(66).startsWith(`${name}:`)) continue;
    expectedLines += 1;
    const next = await actual.next();
    if (next.done || next.value !== entry.line.slice(0, 64)) {
      await actual.return(undefined);
      return expectedLines;
    }
  }
  if (expectedLines === 0) return null;
  return expectedLines + 1;
}

/** sha256 of each line without its newline, holding one chunk at a time. */
async function* hashLines(file: string): AsyncGenerator<string, undefined> {
  let hash = createHash('sha256');
  let isOpen = false;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield hash.update(chunk.subarray(from, at)).digest('hex');
      hash = createHash('sha256');
      from = at + 1;
      isOpen = false;
    }
    if (from < chunk.length) {
      hash.update(chunk.subarray(from));
      isOpen = true;
    }
  }
  if (isOpen) yield hash.digest('hex');
}

function broken(file: string, line: number | null, message: string): Extract<FolderCheck, { ok: false }> {
  return { ok: false, file, line, message };
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
