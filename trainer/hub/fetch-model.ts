/**
 * A model from the Hugging Face Hub by name, kept in a folder of the cache. Only configs, tokenizer files and safetensors are
 * fetched. A broken download goes on where it stopped, also in another process; every file is checked against the hash that
 * the hub lists for it before it gets its name.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HubApiError, type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import { TOKENIZER_FILES } from '../../lib/model-files.ts';
import { readJson } from '../model/files/read-json.ts';
import { downloadFile } from './download-file.ts';
import { type HubAccess, withSignal } from './hub-access.ts';

const SMALL_FILES = new Set<string>(['config.json', 'generation_config.json', ...TOKENIZER_FILES]);
/** Of an adapter alone; asked for through `also`. */
export const ADAPTER_FILES = ['adapter_config.json', 'adapter_model.safetensors'];
const SINGLE_WEIGHTS = 'model.safetensors';
const SHARDED_WEIGHTS = /^model-\d{5}-of-\d{5}\.safetensors$|^model\.safetensors\.index\.json$/;
const MAIN = 'main';
const COMMIT = /^[0-9a-f]{40}$/;
/** Lists what a folder holds, written when all of it is there. */
const LISTING_FILE = 'hub.json';

const listingSchema = z.record(z.string(), z.string());

/** Whether a name could be one of the hub's: `org/name`. */
export function isHubName(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(name);
}

/**
 * The commit that a branch or tag of a model stands at; a whole commit is its own answer, without asking.
 * @throws Error naming the model and the revision when the hub has no such thing, or cannot be asked
 */
export async function resolveRevision(
  name: string,
  { revision, endpoint, token, signal }: Omit<HubAccess, 'note'> & { revision: string },
): Promise<string> {
  if (COMMIT.test(revision)) return revision;
  try {
    const { sha } = await modelInfo({
      ...{ name, revision, additionalFields: ['sha'] },
      ...{ hubUrl: endpoint, accessToken: token, fetch: withSignal(signal) },
    });
    if (!COMMIT.test(sha)) throw new Error(`the hub gives the commit "${sha}"`);
    return sha;
  } catch (cause) {
    signal.throwIfAborted();
    const status = cause instanceof HubApiError ? cause.statusCode : null;
    const reason =
      status === 404 ? 'the hub has no such model or revision' : reasonFor(status, cause as Error);
    throw new Error(`${name}, revision ${revision}: ${reason}`, { cause });
  }
}

/**
 * Fetches what is not there yet. `revision` is a branch or a commit, each with a folder of its own; `also` names further small
 * files that are taken where the model has them. Where the hub cannot be reached, a folder that was fetched whole before serves.
 * @returns the folder
 * @throws Error naming the model and the file: it does not exist, is no safetensors model, or did not arrive as listed
 */
export async function fetchModel(
  name: string,
  {
    cache,
    revision = MAIN,
    also = [],
    ...hub
  }: HubAccess & { cache: string; revision?: string; also?: readonly string[] },
): Promise<string> {
  const suffix = revision === MAIN ? '' : `@${encodeURIComponent(revision)}`;
  const folder = join(cache, 'hub', name.replace('/', '--') + suffix);
  let files: ListFileEntry[];
  try {
    files = wantedFiles(await listed(name, { revision, ...hub }), also);
  } catch (cause) {
    hub.signal.throwIfAborted();
    const status = cause instanceof HubApiError ? cause.statusCode : null;
    if (status === null && existsSync(join(folder, LISTING_FILE))) {
      hub.note(`${name}: the hub cannot be reached; the copy in ${folder} is used`);
      return folder;
    }
    throw new Error(`${name}: ${reasonFor(status, cause as Error)}`, { cause });
  }
  const paths = files.map(({ path }) => path);
  const isModel = paths.includes('config.json') && paths.some((path) => path.endsWith('.safetensors'));
  if (!isModel && !ADAPTER_FILES.every((path) => paths.includes(path)))
    throw new Error(`${name}: the hub has no config.json with safetensors weights under this name`);

  mkdirSync(folder, { recursive: true });
  const listingPath = join(folder, LISTING_FILE);
  const known = existsSync(listingPath) ? listingSchema.parse(readJson(listingPath)) : {};
  const listing = Object.fromEntries(files.map((file) => [file.path, hashOf(file)]));
  const totalBytes = files.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  for (const file of files) {
    const target = join(folder, file.path);
    const arrived = (bytes: number) => hub.progress?.(before + bytes, totalBytes);
    if (existsSync(target) && known[file.path] === listing[file.path]) {
      before += file.size;
      arrived(0);
      continue;
    }
    // from now on until the end the folder is not whole
    rmSync(listingPath, { force: true });
    const checked = { path: file.path, size: file.size, hash: listing[file.path] as string };
    await downloadFile(checked, { repo: name, revision, target, arrived, ...hub });
    before += file.size;
  }
  // files that the model no longer has would be read beside the new ones
  for (const old of Object.keys(known)) if (!(old in listing)) rmSync(join(folder, old), { force: true });
  writeFileSync(`${listingPath}.new`, `${JSON.stringify(listing, null, 2)}\n`);
  renameSync(`${listingPath}.new`, listingPath);
  return folder;
}

async function listed(
  name: string,
  { endpoint, token, signal, revision }: HubAccess & { revision: string },
): Promise<ListFileEntry[]> {
  const entries: ListFileEntry[] = [];
  const repo = { type: 'model', name } as const;
  const options = { repo, revision, hubUrl: endpoint, accessToken: token, fetch: withSignal(signal) };
  for await (const entry of listFiles(options)) entries.push(entry);
  return entries;
}

function wantedFiles(entries: ListFileEntry[], also: readonly string[]): ListFileEntry[] {
  const isSingle = entries.some(({ path }) => path === SINGLE_WEIGHTS);
  return entries.filter(({ type, path }) => {
    if (type !== 'file') return false;
    return (
      SMALL_FILES.has(path) ||
      also.includes(path) ||
      (isSingle ? path === SINGLE_WEIGHTS : SHARDED_WEIGHTS.test(path))
    );
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
