import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { MAX_MODEL_BYTES, MAX_TEXT_BYTES, modelFileKind } from '../../lib/model-files.ts';
import { newId } from '../../lib/new-id.ts';
import { requireScope } from '../auth/require-scope.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { streamToFile } from '../stream-to-file.ts';
import { getRegistrationInProject, type Registration, uploadedFolder } from './registration.ts';

/** Left free on the disk, so that the database can go on. */
const SPARE_BYTES = 2 ** 30;

/**
 * The name on disk of one of the files that an upload has announced: its own, which is one of lib/model-files.ts, or
 * `model.zip`. Throws `invalid` for any other name.
 */
export function uploadName(row: Registration, name: string): string {
  const announced = row.source.from === 'upload' ? row.source.files : [];
  if (announced.includes(name)) {
    if (modelFileKind(name) !== null) return name;
    if (announced.length === 1) return 'model.zip';
  }
  throw new DomainError(
    'invalid',
    `"${name.slice(0, 80)}" is none of the files announced: ${announced.join(', ').slice(0, 400)}.`,
  );
}

/**
 * Streams one file of an upload into the data folder; sent again it replaces the first. Nothing is left of one that breaks
 * off. Throws `forbidden` or `not-found` before a byte is read, `invalid` for a name that was not announced or an empty file,
 * `conflict` when the upload is over, `too-large` past the limit or the disk.
 */
export async function receiveModelFile(upload: {
  ctx: Ctx;
  projectId: string;
  registrationId: string;
  fileName: string;
  /** as the request says; null when it does not */
  contentLength: number | null;
  stream: ReadableStream<Uint8Array> | Readable;
}): Promise<{ fileName: string; bytes: number; sha256: string }> {
  const { ctx, projectId, registrationId, fileName, contentLength } = upload;
  requireUser(ctx);
  requirePermission(ctx, projectId, 'models.register');
  requireScope(ctx, 'write');
  const row = requireUploading(ctx, { projectId, registrationId });
  const name = uploadName(row, fileName);
  const folder = uploadedFolder(ctx, row.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  const room = Math.max(0, bavail * bsize - SPARE_BYTES);
  const limit = modelFileKind(name) === 'text' ? MAX_TEXT_BYTES : MAX_MODEL_BYTES;
  const maxBytes = Math.min(limit, room);
  if (contentLength !== null && contentLength > maxBytes)
    throw new DomainError(
      'too-large',
      `${fileName} has ${contentLength} bytes; ${room < limit ? 'the disk has room for' : 'the limit is'} ${maxBytes}.`,
    );
  const partial = path.join(folder, `${newId('part')}.partial`);
  try {
    const { bytes, sha256 } = await streamToFile(upload.stream, { file: partial, maxBytes });
    if (bytes === 0) throw new DomainError('invalid', `${fileName} is empty.`);
    // it may have been cancelled or finished while the bytes came
    requireUploading(ctx, { projectId, registrationId });
    await rename(partial, path.join(folder, name));
    return { fileName, bytes, sha256 };
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

function requireUploading(ctx: Ctx, input: { projectId: string; registrationId: string }): Registration {
  const row = getRegistrationInProject(ctx, input);
  if (row.status === 'uploading') return row;
  throw new DomainError('conflict', `${row.modelName} waits for no files: it is ${row.status}.`);
}
