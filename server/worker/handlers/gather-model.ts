import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../../lib/cache-folder.ts';
import {
  MAX_MODEL_BYTES,
  MAX_MODEL_FILES,
  modelFileKind,
  modelFileProblem,
} from '../../../lib/model-files.ts';
import { ADAPTER_FILES, fetchModel, resolveRevision } from '../../../trainer/hub/fetch-model.ts';
import type { Ctx } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import { CARD_FILE, SOURCE_CARD_FILE } from '../../models/card-licence.ts';
import { type Registration, stagedFolder, uploadedFolder } from '../../models/registration.ts';
import { isInside, modelRoots, resolveModelFolder } from '../../models/roots.ts';
import { unpackModelZip } from './unpack-model-zip.ts';

/** Left free on the disk, so that the database can go on. */
const SPARE_BYTES = 2 ** 30;
/** How often a person is told, at most. */
const TELL_MS = 500;

export type GatherIo = {
  tell: (told: { phase: string; doneBytes?: number; totalBytes?: number }) => void;
  signal: AbortSignal;
  /** the folder to read, for the command line, which is bound to no roots; null: as the registration names it */
  folder: string | null;
};

/**
 * Brings the files of a model into the registration's own folder, from wherever it comes; nothing but a model's files, and its
 * card under another name. What an earlier attempt left there goes first; a download goes on in the cache.
 * @returns the commit, for a model of the hub
 */
export async function gatherModel(
  ctx: Ctx,
  row: Registration,
  io: GatherIo,
): Promise<{ revision: string | null }> {
  const into = stagedFolder(ctx, row.id);
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true, mode: 0o700 });
  const tell = slowly(io.tell);
  switch (row.source.from) {
    case 'hub': {
      const { name } = row.source;
      const hub = {
        endpoint: process.env.HF_ENDPOINT?.replace(/\/+$/, '') || undefined,
        token: process.env.HF_TOKEN || undefined,
        signal: io.signal,
      };
      const revision = await resolveRevision(name, { revision: row.source.revision, ...hub });
      const fetched = await fetchModel(name, {
        ...{ ...hub, revision, cache: cacheFolder(), also: [CARD_FILE, ...ADAPTER_FILES] },
        note: () => {},
        progress: (doneBytes, totalBytes) => tell({ phase: 'fetching', doneBytes, totalBytes }),
      });
      takeFiles(fetched, { into, mayLink: true, isAllowed: () => true, tell, signal: io.signal });
      return { revision };
    }
    case 'folder': {
      const roots = modelRoots(ctx);
      const from = io.folder ?? resolveModelFolder(roots, row.source.folder);
      const isAllowed = (real: string) => io.folder !== null || isInside(roots, real);
      takeFiles(from, { into, mayLink: false, isAllowed, tell, signal: io.signal });
      return { revision: null };
    }
    case 'upload': {
      const uploaded = uploadedFolder(ctx, row.id);
      const zip = path.join(uploaded, 'model.zip');
      if (isFile(zip)) {
        await unpackModelZip(zip, {
          ...{ into, room: freeBytes(into), signal: io.signal },
          progress: (doneBytes, totalBytes) => tell({ phase: 'unpacking', doneBytes, totalBytes }),
        });
        putCardAside(into);
      } else takeFiles(uploaded, { into, mayLink: true, isAllowed: () => true, tell, signal: io.signal });
      return { revision: null };
    }
  }
}

type Taking = {
  into: string;
  /** the files are ours and never change: a link is as good as a copy */
  mayLink: boolean;
  /** whether a file may be read that a link led to */
  isAllowed: (real: string) => boolean;
  tell: GatherIo['tell'];
  signal: AbortSignal;
};

function takeFiles(from: string, { into, mayLink, isAllowed, tell, signal }: Taking): void {
  const files = readdirSync(from)
    .filter((name) => modelFileKind(name) !== null)
    .map((name) => {
      const real = realpathSync(path.join(from, name));
      const stat = statSync(real);
      if (!isAllowed(real))
        throw new DomainError('invalid', `${name} is a link that leads out of the model roots.`);
      if (!stat.isFile()) throw new DomainError('invalid', `${name} is no file.`);
      const problem = modelFileProblem(name, stat.size);
      if (problem !== null) throw new DomainError('too-large', `${problem}.`);
      return { name, real, bytes: stat.size };
    });
  if (files.length > MAX_MODEL_FILES)
    throw new DomainError('too-large', `${files.length} files, at most ${MAX_MODEL_FILES} are taken.`);
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const room = Math.min(MAX_MODEL_BYTES, mayLink ? MAX_MODEL_BYTES : freeBytes(into));
  if (totalBytes > room)
    throw new DomainError('too-large', `The model has ${totalBytes} bytes; there is room for ${room}.`);
  let doneBytes = 0;
  for (const { name, real, bytes } of files) {
    signal.throwIfAborted();
    tell({ phase: 'copying', doneBytes, totalBytes });
    const target = path.join(into, name);
    if (!mayLink || !link(real, target)) copyFileSync(real, target, constants.COPYFILE_FICLONE);
    doneBytes += bytes;
  }
  putCardAside(into);
}

/** README.md of a download is written here; the one that came with the model stays beside it under another name. */
function putCardAside(folder: string): void {
  const card = path.join(folder, CARD_FILE);
  if (!isFile(card)) return;
  copyFileSync(card, path.join(folder, SOURCE_CARD_FILE));
  rmSync(card);
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    // another disk, or one without links: the caller copies
    return false;
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.max(0, bavail * bsize - SPARE_BYTES);
}

/** Told thousands of times, tells now and then: each is a write to the database. */
function slowly(tell: GatherIo['tell']): GatherIo['tell'] {
  let last = Number.NEGATIVE_INFINITY;
  return (told) => {
    const now = performance.now();
    if (now - last < TELL_MS) return;
    last = now;
    tell(told);
  };
}
