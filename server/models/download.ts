import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { ZipFile } from 'yazl';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { CARD_FILE } from './card-licence.ts';
import { checkpointFolder, getCheckpointInProject } from './internal.ts';
import { modelCard } from './model-card.ts';

type CheckpointInput = { projectId: string; checkpointId: string };
export type CheckpointFile = { name: string; bytes: number };
/** Bytes of a file from `start` up to and including `end`. */
export type ByteRange = { start: number; end: number };
export type Download = {
  fileName: string;
  /** of the whole, whatever part is sent */
  totalBytes: number;
  /** the same as long as the bytes are */
  etag: string;
  open: (range: ByteRange | null) => Readable;
};

/** The adapter that a model was merged with lies in this folder of it. */
const ADAPTER = 'adapter/';

/** Files of a checkpoint with their sizes, the model card first; those of an adapter as `adapter/<name>`. */
export function listCheckpointFiles({ ctx, input }: { ctx: Ctx; input: CheckpointInput }): CheckpointFile[] {
  requirePermission(ctx, input.projectId, 'models.download');
  const card = Buffer.byteLength(modelCard(ctx, input));
  return [{ name: CARD_FILE, bytes: card }, ...filesOf(folderOf(ctx, input))];
}

/**
 * One file of a checkpoint, to be sent whole or in part. Only names that are in the folder reach the file system. Checks
 * `models.download` itself (a route calls it); each asking is an audit event. Throws `not-found` for any other name.
 */
export function openCheckpointFile({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: CheckpointInput & { file: string };
}): Download {
  const known = listCheckpointFiles({ ctx, input }).find(({ name }) => name === input.file);
  if (!known) throw new DomainError('not-found', `No file "${input.file.slice(0, 80)}" in this checkpoint.`);
  const { manifestSha256 } = getCheckpointInProject(ctx, input).checkpoint;
  record(ctx, input, known.name);
  if (known.name === CARD_FILE) {
    const card = Buffer.from(modelCard(ctx, input));
    return {
      fileName: known.name,
      totalBytes: card.length,
      etag: etagOf(card),
      open: (range) => Readable.from([range ? card.subarray(range.start, range.end + 1) : card]),
    };
  }
  const file = path.join(folderOf(ctx, input), known.name);
  return {
    fileName: path.basename(known.name),
    totalBytes: known.bytes,
    etag: etagOf(Buffer.from(`${manifestSha256}/${known.name}`)),
    open: (range) => createReadStream(file, range ?? {}),
  };
}

/**
 * A checkpoint as one zip, made while it is sent: the whole folder, or its adapter alone as PEFT has it, with the model card.
 * Files are stored, not packed (weights do not shrink), so that its length is known before and the same bytes come again: a
 * download that broke off can go on. Throws `not-found` for the adapter of a checkpoint without one.
 */
export function openCheckpointArchive({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: CheckpointInput & { part: 'model' | 'adapter' };
}): Download {
  const { part } = input;
  const files = listCheckpointFiles({ ctx, input }).filter(
    ({ name }) => part === 'model' || name === CARD_FILE || name.startsWith(ADAPTER),
  );
  if (part === 'adapter' && files.length === 1)
    throw new DomainError('not-found', `Checkpoint ${input.checkpointId} has no adapter.`);
  const { checkpoint, model } = getCheckpointInProject(ctx, input);
  record(ctx, input, part === 'model' ? 'all' : part);
  const card = Buffer.from(modelCard(ctx, input));
  const name = `${model.name.replace(/[^A-Za-z0-9._-]+/g, '-')}-step-${checkpoint.step}${part === 'adapter' ? '-adapter' : ''}`;
  const folder = folderOf(ctx, input);
  const build = (read: (file: string) => Readable | null) => {
    const zip = new ZipFile();
    const options = { compress: false, mtime: new Date(checkpoint.createdAt), mode: 0o100644 };
    for (const file of files) {
      const inside = part === 'adapter' ? file.name.replace(ADAPTER, '') : file.name;
      if (file.name === CARD_FILE) zip.addBuffer(card, `${name}/${inside}`, options);
      else
        zip.addReadStreamLazy(`${name}/${inside}`, { ...options, size: file.bytes }, (give) => {
          const stream = read(path.join(folder, file.name));
          if (stream) give(null, stream);
        });
    }
    let totalBytes = -1;
    const tell = (size: number) => {
      totalBytes = size;
    };
    // the library's types leave out the argument
    zip.end({ forceZip64Format: false, comment: '' }, tell as () => void);
    return { zip, totalBytes };
  };
  return {
    fileName: `${name}.zip`,
    // nothing is read to know it
    totalBytes: build(() => null).totalBytes,
    etag: etagOf(Buffer.from(`${checkpoint.manifestSha256}/${part}/`), card),
    open(range) {
      const cut = between(range ?? { start: 0, end: Number.POSITIVE_INFINITY });
      let reading: Readable | null = null;
      const { zip } = build((file) => {
        reading = createReadStream(file);
        reading.on('error', (error) => cut.destroy(error));
        return reading;
      });
      zip.on('error', (error: Error) => cut.destroy(error));
      zip.outputStream.pipe(cut);
      // sent, or nobody listens any more: the file under way is closed, and no other is opened
      cut.on('close', () => {
        zip.outputStream.unpipe(cut);
        reading?.destroy();
      });
      return cut;
    },
  };
}

/** Lets the bytes from `start` up to and including `end` through, and ends there. */
function between({ start, end }: ByteRange): Transform {
  let at = 0;
  const cut = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      const from = Math.max(0, start - at);
      const to = Math.min(chunk.length, end + 1 - at);
      at += chunk.length;
      if (from < to) this.push(chunk.subarray(from, to));
      if (at > end) this.push(null);
      next();
    },
  });
  // what comes behind the end is not waited for
  return cut.once('end', () => cut.destroy());
}

function folderOf(ctx: Ctx, input: CheckpointInput): string {
  const { checkpoint } = getCheckpointInProject(ctx, input);
  return checkpointFolder(ctx.dataFolder, checkpoint.folder);
}

/** Plain files below the folder, but the card's name, which is written here. */
function filesOf(folder: string, prefix = ''): CheckpointFile[] {
  return readdirSync(path.join(folder, prefix), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): CheckpointFile[] => {
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) return filesOf(folder, `${name}/`);
      return entry.isFile() && name !== CARD_FILE
        ? [{ name, bytes: statSync(path.join(folder, name)).size }]
        : [];
    });
}

function record(ctx: Ctx, { projectId, checkpointId }: CheckpointInput, file: string): void {
  ctx.db.transaction(
    () => {
      appendAudit(ctx, { action: 'models.download', subject: checkpointId, projectId, payload: { file } });
    },
    { behavior: 'immediate' },
  );
}

function etagOf(...parts: Buffer[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return `"${hash.digest('hex').slice(0, 32)}"`;
}
