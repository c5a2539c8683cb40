import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { imports } from '../../db/schema/imports.ts';
import { cutText } from '../../lib/cut-text.ts';
import type { ImportFormat } from '../../lib/import-formats.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { requireScope } from '../auth/require-scope.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { streamToFile } from '../stream-to-file.ts';
import { uploadFile } from './internal.ts';
import { importFormatSchema } from './schemas.ts';

export const MAX_UPLOAD_BYTES = 4 * 2 ** 30;

/**
 * Streams an upload into the data folder and queues its import; the rows are read by the worker. Nothing is left behind
 * when the stream breaks off. Throws `forbidden` or `not-found` as requirePermission does, before a byte is read,
 * `invalid` for an unknown format or an empty file, `too-large` past the limit.
 */
export async function receiveUpload(upload: {
  ctx: Ctx;
  projectId: string;
  fileName: string;
  format: string;
  stream: ReadableStream<Uint8Array> | Readable;
  maxBytes?: number;
}): Promise<{ importId: string; sha256: string; bytes: number }> {
  const { ctx, projectId, maxBytes = MAX_UPLOAD_BYTES } = upload;
  const createdBy = requireUser(ctx);
  requirePermission(ctx, projectId, 'data.import');
  requireScope(ctx, 'write');
  const format = parseFormat(upload.format);
  const importId = newId('imp', ctx.now());
  const file = uploadFile(ctx, importId);
  await mkdir(path.dirname(file), { recursive: true });

  try {
    const { bytes, sha256 } = await streamToFile(upload.stream, { file, maxBytes });
    if (bytes === 0) throw new DomainError('invalid', 'The file is empty.');
    await writeWhenUnlocked(ctx.db, () => {
      ctx.db
        .insert(imports)
        .values({
          id: importId,
          projectId,
          fileName: plainName(upload.fileName),
          format,
          sha256,
          status: 'queued',
          rejected: {},
          createdBy,
          createdAt: ctx.now(),
        })
        .run();
      enqueueJob(ctx, { kind: 'import', payload: { importId } });
      const payload = { format, sha256, bytes };
      appendAudit(ctx, { action: 'imports.start', subject: importId, projectId, payload });
    });
    return { importId, sha256, bytes };
  } catch (error) {
    await rm(path.dirname(file), { recursive: true, force: true });
    throw error;
  }
}

function parseFormat(format: string): ImportFormat {
  const parsed = importFormatSchema.safeParse(format);
  if (parsed.success) return parsed.data;
  const expected = importFormatSchema.options.join(', ');
  throw new DomainError('invalid', `format: "${format.slice(0, 40)}" is none of ${expected}.`);
}

/** The last part of a name that came with a request, for showing only. */
function plainName(name: string): string {
  return cutText((name.split(/[\\/]/).at(-1) ?? '').replace(/[\p{Cc}\p{Surrogate}]/gu, ''), 200) || 'upload';
}
