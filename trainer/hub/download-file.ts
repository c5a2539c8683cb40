import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { downloadFile as openRemote } from '@huggingface/hub';
import { type HubAccess, withSignal } from './hub-access.ts';

const TRIES = 5;

type FileAccess = Omit<HubAccess, 'progress'> & {
  repo: string;
  /** branch, tag or commit */
  revision: string;
  /** told how much of this file is there */
  arrived?: (bytes: number) => void;
};

/**
 * Downloads one file of a model into `target`. What arrived of it lies in `<target>.partial` until all of it is there and has
 * the right hash (`sha256:...` or git's `git:...`).
 * @throws Error naming the file when it does not arrive, or is not what the hub lists
 */
export async function downloadFile(
  file: { path: string; size: number; hash: string },
  { repo, target, ...hub }: FileAccess & { target: string },
): Promise<void> {
  const partial = `${target}.partial`;
  const what = `${repo}: ${file.path}`;
  let last: Error | null = null;
  // of another version of the file
  if (sizeOf(partial) > file.size) rmSync(partial);
  for (let attempt = 1; !existsSync(partial) || sizeOf(partial) < file.size; attempt++) {
    hub.signal.throwIfAborted();
    if (attempt > TRIES) {
      const stopped = `stopped after ${sizeOf(partial)} of ${file.size} bytes (${last?.message})`;
      throw new Error(`${what}: ${stopped}; the same command goes on from there`, { cause: last });
    }
    const from = sizeOf(partial);
    hub.note(`${what}: ${from === 0 ? '' : `going on at ${from} of `}${file.size} bytes`);
    try {
      await append(partial, from, { path: file.path, repo, ...hub });
    } catch (error) {
      hub.signal.throwIfAborted();
      last = error as Error;
      await wait(200 * attempt, undefined, { signal: hub.signal });
    }
  }
  const hash = await hashFile(partial, file);
  if (hash !== file.hash) {
    rmSync(partial);
    throw new Error(`${what}: arrived with ${hash}, the hub lists ${file.hash}; it was thrown away`);
  }
  renameSync(partial, target);
}

async function append(
  partial: string,
  from: number,
  { path, repo, revision, endpoint, token, signal, arrived }: FileAccess & { path: string },
): Promise<void> {
  const blob = await openRemote({
    repo: { type: 'model', name: repo },
    path,
    revision,
    hubUrl: endpoint,
    accessToken: token,
    fetch: withSignal(signal),
    // plain HTTP ranges, which can begin anywhere
    xet: false,
  });
  if (!blob) throw new Error('the hub lists it but does not have it');
  const out = openSync(partial, 'a');
  let done = from;
  try {
    for await (const chunk of blob.slice(from).stream()) {
      done += writeSync(out, chunk);
      arrived?.(done);
    }
  } finally {
    closeSync(out);
  }
}

async function hashFile(path: string, { hash: listed }: { hash: string }): Promise<string> {
  const [kind] = listed.split(':');
  // git hashes "blob <size>", a zero byte and the content
  const hash: Hash =
    kind === 'git' ? createHash('sha1').update(`blob ${sizeOf(path)}\0`) : createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return `${kind}:${hash.digest('hex')}`;
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
