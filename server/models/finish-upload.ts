import { existsSync } from 'node:fs';
import path from 'node:path';
import { and, eq } from 'drizzle-orm';
import { registrations } from '../../db/schema/models.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { uploadName } from './receive-model-file.ts';
import { getRegistrationInProject, uploadedFolder } from './registration.ts';

/** Queues an upload whose files are all there. Throws `conflict` naming one that is not. */
export function finishUpload({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; registrationId: string };
}): { registrationId: string } {
  requirePermission(ctx, input.projectId, 'models.register');
  return ctx.db.transaction(
    () => {
      const row = getRegistrationInProject(ctx, input);
      if (row.status !== 'uploading' || row.source.from !== 'upload')
        throw new DomainError('conflict', `${row.modelName} waits for no files: it is ${row.status}.`);
      const folder = uploadedFolder(ctx, row.id);
      const missing = row.source.files.find((name) => !existsSync(path.join(folder, uploadName(row, name))));
      if (missing !== undefined) throw new DomainError('conflict', `${missing} has not arrived.`);
      ctx.db
        .update(registrations)
        .set({ status: 'queued', phase: 'waiting for the worker' })
        .where(and(eq(registrations.id, row.id), eq(registrations.status, 'uploading')))
        .run();
      enqueueJob(ctx, { kind: 'stage-model', payload: { registrationId: row.id } });
      return { registrationId: row.id };
    },
    { behavior: 'immediate' },
  );
}
