import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_FILE, verifyManifest, writeManifest } from '../../manifest.ts';

/**
 * Writes the temperature of a reward model into its config.json as `plumbline_temperature`; everything else in it stays. Where the folder
 * has a manifest, that is held to the files first and then written anew, so the folder's hash is another one afterwards.
 * @throws Error where the folder is not what its manifest says
 */
export function storeTemperature(folder: string, temperature: number): void {
  const hasManifest = existsSync(join(folder, MANIFEST_FILE));
  if (hasManifest) {
    const check = verifyManifest(folder);
    if (!check.ok) throw new Error(`${folder}: ${check.file} ${check.reason}`);
  }
  const path = join(folder, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const partial = `${path}.partial`;
  writeFileSync(partial, `${JSON.stringify({ ...config, plumbline_temperature: temperature }, null, 2)}\n`);
  renameSync(partial, path);
  if (hasManifest) writeManifest(folder);
}
