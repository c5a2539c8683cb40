import { and, count, eq, inArray, lt } from 'drizzle-orm';
import { registrations } from '../../db/schema/models.ts';
import { modelFileProblem } from '../../lib/model-files.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { enqueueJob } from '../jobs/queue.ts';
import { endRegistration, insertRegistration, OPEN_STATUSES, type Registration } from './registration.ts';
import { modelRoots, resolveModelFolder } from './roots.ts';
import type { AddModelInput } from './schemas.ts';

/** Models of one project that may be on their way at a time. */
const MAX_OPEN = 10;
/** An upload that nobody has finished by then is given up. */
const UPLOAD_HOURS = 24;

/**
 * Asks for a model to be added. From the hub or a folder it is queued at once; an upload waits for its files
 * (receive-model-file.ts) and for finish-upload.ts. Throws `not-found` for a folder outside the roots, `invalid` for files
 * that are no model's, `too-many-requests` when too many are under way.
 */
export function addModel({ ctx, input }: { ctx: Ctx; input: AddModelInput }): { registrationId: string } {
  requirePermission(ctx, input.projectId, 'models.register');
  requireUser(ctx);
  const { source, projectId } = input;
  if (source.from === 'folder') resolveModelFolder(modelRoots(ctx), source.folder);
  if (source.from === 'upload') checkNames(source.files);
  return ctx.db.transaction(
    () => {
      giveUpOldUploads(ctx, projectId);
      const open = ctx.db
        .select({ n: count() })
        .from(registrations)
        .where(and(eq(registrations.projectId, projectId), inArray(registrations.status, [...OPEN_STATUSES])))
        .get();
      if ((open?.n ?? 0) >= MAX_OPEN) {
        throw new DomainError(
          'too-many-requests',
          `${MAX_OPEN} models of this project are being added already; wait for one, or cancel one.`,
        );
      }
      const isUpload = source.from === 'upload';
      const { id } = insertRegistration(ctx, input, {
        status: isUpload ? 'uploading' : 'queued',
        phase: isUpload ? 'waiting for its files' : 'waiting for the worker',
      });
      if (!isUpload) enqueueJob(ctx, { kind: 'stage-model', payload: { registrationId: id } });
      return { registrationId: id };
    },
    { behavior: 'immediate' },
  );
}

/** A zip comes alone; files come under names that a model folder has, each once. */
function checkNames(names: readonly string[]): void {
  if (names.length === 1 && /\.zip$/i.test(names[0] as string)) return;
  const problem = names.map((name) => modelFileProblem(name, 0)).find((text) => text !== null);
  if (problem) throw new DomainError('invalid', `${problem}, or one zip of them.`);
  if (new Set(names).size < names.length) throw new DomainError('invalid', 'Two files have the same name.');
}

function giveUpOldUploads(ctx: Ctx, projectId: string): void {
  const old: Pick<Registration, 'id' | 'projectId'>[] = ctx.db
    .select({ id: registrations.id, projectId: registrations.projectId })
    .from(registrations)
    .where(
      and(
        eq(registrations.projectId, projectId),
        eq(registrations.status, 'uploading'),
        lt(registrations.createdAt, ctx.now() - UPLOAD_HOURS * 3_600_000),
      ),
    )
    .all();
  for (const row of old)
    endRegistration(ctx, row, { status: 'cancelled', error: 'The upload was not finished.' });
}
