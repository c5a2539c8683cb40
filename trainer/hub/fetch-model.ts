/**
 * A model from the Hugging Face Hub by name, kept in a folder of the cache. Only configs, tokenizer files and safetensors are
 * fetched. A broken download goes on where it stopped, also in another process; every file is checked against the hash that
 * the hub lists for it before it gets its name.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HubApiError, type ListFileEntry, listFiles } from '@huggingface/hub';
import { z } from 'zod';
import { readJson } from '../model/files/read-json.ts';
import { TOKENIZER_FILES } from '../model/files/save-pretrained.ts';
import { downloadFile } from './download-file.ts';
import { type HubAccess, withSignal } from './hub-access.ts';

const SMALL_FILES = new Set<string>(['config.json', 'generation_config.json', ...TOKENIZER_FILES]);
const SINGLE_WEIGHTS = 'model.safetensors';
const SHARDED_WEIGHTS = /^model-\d{5}-of-\d{5}\.safetensors$|^model\.safetensors\.index\.json$/;
/** Lists what a folder holds, written when all of it is there. */
const LISTING_FILE = 'hub.json';

const listingSchema = z.record(z.string(), z.string());

/** Whether a name could be one of the hub's: `org/name`. */
export function isHubName(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(name);
}

/**
 * Fetches what is not there yet. Where the hub cannot be reached, a folder that was fetched whole before serves.
 * @returns the folder
 * @throws Error naming the model and the file: it does not exist, is no safetensors model, or did not arrive as listed
 */
export async function fetchModel(
  name: string,
  { cache, ...hub }: HubAccess & { cache: string },
): Promise<string> {
  const folder = join(cache, 'hub', name.replace('/', '--'));
  let files: ListFileEntry[];
  try {
    files = wantedFiles(await listed(name, hub));
  } catch (cause) {
    hub.signal.throwIfAborted();
    const status = cause instanceof HubApiError ? cause.statusCode : null;
    if (status === null && existsSync(join(folder, LISTING_FILE))) {
      hub.note(`${name}: the hub cannot be reached; the copy in ${folder} is used`);
      return folder;
    }
    throw new Error(`${name}: ${reasonFor(status, cause as Error)}`, { cause });
  }
  if (
    !files.some(({ path }) => path === 'config.json') ||
    !files.some(({ path }) => path.endsWith('.safetensors'))
  )
    throw new Error(`${name}: the hub has no config.json with safetensors weights under this name`);

  mkdirSync(folder, { recursive: true });
  const listingPath = join(folder, LISTING_FILE);
  const known = existsSync(listingPath) ? listingSchema.parse(readJson(listingPath)) : {};
  const listing = Object.fromEntries(files.map((file) => [file.path, hashOf(file)]));
  for (const file of files) {
    const target = join(folder, file.path);
    if (existsSync(target) && known[file.path] === listing[file.path]) continue;
    // from now on until the end the folder is not whole
    rmSync(listingPath, { force: true });
    const checked = { path: file.path, size: file.size, hash: listing[file.path] as string };
    await downloadFile(checked, { repo: name, target, ...hub });
  }
  // files that the model no longer has would be read beside the new ones
  for (const old of Object.keys(known)) if (!(old in listing)) rmSync(join(folder, old), { force: true });
  writeFileSync(`${listingPath}.new`, `${JSON.stringify(listing, null, 2)}\n`);
  renameSync(`${listingPath}.new`, listingPath);
  return folder;
}

async function listed(name: string, { endpoint, token, signal }: HubAccess): Promise<ListFileEntry[]> {
  const entries: ListFileEntry[] = [];
  const repo = { type: 'model', name } as const;
  const options = { repo, hubUrl: endpoint, accessToken: token, fetch: withSignal(signal) };
  for await (const entry of listFiles(options)) entries.push(entry);
  return entries;
}

function wantedFiles(entries: ListFileEntry[]): ListFileEntry[] {
  const isSingle = entries.some(({ path }) => path === SINGLE_WEIGHTS);
  return entries.filter(({ type, path }) => {
    if (type !== 'file') return false;
    return SMALL_FILES.has(path) || (isSingle ? path === SINGLE_WEIGHTS : SHARDED_WEIGHTS.test(path));
  });
}

/** sha256 of a file kept in LFS, otherwise git's hash of it. */
function hashOf({ path, oid, lfs }: ListFileEntry): string {
  const hash = lfs ? `sha256:${lfs.oid.replace(/^sha256:/, '')}` : `git:${oid}`;
  if (!/^(sha256:[0-9a-f]{64}|git:[0-9a-f]{40})$/.test(hash))
    throw new Error(`the hub lists ${path} with the hash ${hash}`);
  return hash;
}

function reasonFor(status: number | null, cause: Error): string {
  if (status === 401 || status === 403)
    return `the hub refuses access (${status}): the name is wrong, or the model needs a token in HF_TOKEN`;
  if (status === 404) return 'no folder here, and no model of this name on the hub';
  const detail = cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
  return `no folder here, and the hub cannot be asked: ${detail}`;
}
