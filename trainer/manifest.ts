/** manifest.json of a checkpoint folder: size and sha256 of every other file in it, as canonical JSON (RFC 8785). */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { z } from 'zod';

export const MANIFEST_FILE = 'manifest.json';

const manifestSchema = z.strictObject({
  version: z.literal(1),
  files: z.record(
    z.string(),
    z.strictObject({ bytes: z.number().int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});

export type ManifestCheck =
  | { ok: true; manifestSha256: string }
  | { ok: false; file: string; reason: string };

/** Writes the manifest of what the folder holds now. @returns what it lists, and its own sha256, which stands for the whole folder */
export function writeManifest(folder: string): {
  files: Record<string, { bytes: number; sha256: string }>;
  manifestSha256: string;
} {
  const files = Object.fromEntries(
    filesIn(folder).map((file) => {
      const path = join(folder, file);
      return [file, { bytes: statSync(path).size, sha256: sha256OfFile(path) }];
    }),
  );
  const text = canonicalize({ version: 1, files }) as string;
  writeFileSync(join(folder, MANIFEST_FILE), text);
  return { files, manifestSha256: createHash('sha256').update(text).digest('hex') };
}

/** Recomputes every hash; names the first file, in alphabetical order, that is missing, changed or not listed. */
export function verifyManifest(folder: string): ManifestCheck {
  const broken = (file: string, reason: string): ManifestCheck => ({ ok: false, file, reason });
  let bytes: Buffer;
  let json: unknown;
  try {
    bytes = readFileSync(join(folder, MANIFEST_FILE));
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    return broken(MANIFEST_FILE, (error as Error).message);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) return broken(MANIFEST_FILE, z.prettifyError(parsed.error));

  const listed = parsed.data.files;
  const present = new Set(filesIn(folder));
  for (const file of [...new Set([...Object.keys(listed), ...present])].sort()) {
    const expected = listed[file];
    if (!expected) return broken(file, 'is not listed in the manifest');
    if (!present.has(file)) return broken(file, 'is missing');
    const path = join(folder, file);
    const size = statSync(path).size;
    if (size !== expected.bytes)
      return broken(file, `has ${size} bytes, the manifest says ${expected.bytes}`);
    const sha256 = sha256OfFile(path);
    if (sha256 !== expected.sha256)
      return broken(file, `has sha256 ${sha256}, the manifest says ${expected.sha256}`);
  }
  return { ok: true, manifestSha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Relative paths, with forward slashes, of all files below the folder except the manifest, sorted. */
function filesIn(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const path = prefix ? `${prefix}/${entry.name}` : entry.name;
      return entry.isDirectory() ? filesIn(folder, path) : [path];
    })
    .filter((path) => path !== MANIFEST_FILE)
    .sort();
}

/** Read in pieces: a file of weights may be larger than memory. */
export function sha256OfFile(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(1 << 20);
  const file = openSync(path, 'r');
  try {
    for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk))
      hash.update(chunk.subarray(0, got));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}
