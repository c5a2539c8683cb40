import { createReadStream, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { type Download, etagOf, zipDownload } from '../storage/zip-download.ts';
import { CARD_FILE } from './card-licence.ts';
import { checkpointFolder, getCheckpointInProject } from './internal.ts';
import { modelCard } from './model-card.ts';

type CheckpointInput = { projectId: string; checkpointId: string };
export type CheckpointFile = { name: string; bytes: number };

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
 * Throws `not-found` for the adapter of a checkpoint without one.
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
  return zipDownload({
    folder: name,
    entries: files.map((file) => {
      const inside = part === 'adapter' ? file.name.replace(ADAPTER, '') : file.name;
      return file.name === CARD_FILE
        ? { name: inside, text: card }
        : { name: inside, file: path.join(folder, file.name), bytes: file.bytes };
    }),
    madeAt: checkpoint.createdAt,
    etag: etagOf(Buffer.from(`${checkpoint.manifestSha256}/${part}/`), card),
  });
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
