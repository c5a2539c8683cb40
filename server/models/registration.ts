/** What the verbs and jobs of registering a model share: its row, its folder, how it ends. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { and, eq, inArray } from 'drizzle-orm';
import { registrations } from '../../db/schema/models.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getCheckpointInProject, requireManifest } from './internal.ts';
import type { AddModelInput } from './schemas.ts';

export type Registration = typeof registrations.$inferSelect;

/** Statuses of a registration that has not ended. */
export const OPEN_STATUSES = ['uploading', 'queued', 'running'] as const;

/** Everything of a registration on disk until it ends. The id is ours: no name that came with a request is in the path. */
export function registrationFolder(ctx: Pick<Ctx, 'dataFolder'>, registrationId: string): string {
  return path.join(ctx.dataFolder, 'registrations', registrationId);
}

/** Where the files of the model are gathered to be checked. */
export function stagedFolder(ctx: Pick<Ctx, 'dataFolder'>, registrationId: string): string {
  return path.join(registrationFolder(ctx, registrationId), 'model');
}

/** Where uploaded files lie as they came. */
export function uploadedFolder(ctx: Pick<Ctx, 'dataFolder'>, registrationId: string): string {
  return path.join(registrationFolder(ctx, registrationId), 'upload');
}

export function getRegistrationInProject(
  ctx: Pick<Ctx, 'db'>,
  input: { projectId: string; registrationId: string },
): Registration {
  const row = ctx.db
    .select()
    .from(registrations)
    .where(and(eq(registrations.id, input.registrationId), eq(registrations.projectId, input.projectId)))
    .get();
  if (!row)
    throw new DomainError(
      'not-found',
      `No registration ${input.registrationId.slice(0, 64)} in this project.`,
    );
  return row;
}

/** For jobs: the registration they are for. */
export function getRegistration(ctx: Pick<Ctx, 'db'>, registrationId: string): Registration {
  const row = ctx.db.select().from(registrations).where(eq(registrations.id, registrationId)).get();
  if (!row) throw new Error(`There is no registration ${registrationId}.`);
  return row;
}

/**
 * Writes the row and its audit event; call inside the transaction that queues the work. Throws `invalid` when an adapter comes
 * without its base or another kind with one, `not-found` or `conflict` as the base's checkpoint does.
 */
export function insertRegistration(
  ctx: Ctx,
  input: AddModelInput,
  { status, phase }: { status: Registration['status']; phase: string },
): Registration {
  const { projectId, kind, baseCheckpointId } = input;
  if (kind === 'adapter' && baseCheckpointId === null)
    throw new DomainError(
      'invalid',
      'An adapter needs the checkpoint that it was trained on; none was chosen.',
    );
  if (kind !== 'adapter' && baseCheckpointId !== null)
    throw new DomainError('invalid', `Only an adapter has a base; kind is ${kind ?? 'not given'}.`);
  if (baseCheckpointId !== null) {
    const { checkpoint } = getCheckpointInProject(ctx, { projectId, checkpointId: baseCheckpointId });
    requireManifest(ctx, checkpoint);
  }
  const now = ctx.now();
  const row = ctx.db
    .insert(registrations)
    .values({
      ...{ id: newId('reg', now), projectId, kind, baseCheckpointId, status, phase },
      ...{ modelName: input.modelName, source: input.source, licence: input.licence || null },
      createdBy: ctx.actor.type === 'user' ? ctx.actor.userId : ctx.actor.type,
      createdAt: now,
    })
    .returning()
    .get();
  appendAudit(ctx, {
    action: 'models.add',
    subject: row.id,
    projectId,
    payload: { kind, baseCheckpointId, source: input.source },
  });
  return row;
}

/** Says what is being done and how far it is; never moves a registration that has ended. */
export function tellPhase(
  ctx: Pick<Ctx, 'db'>,
  registrationId: string,
  told: { phase: string; doneBytes?: number; totalBytes?: number },
): void {
  const { phase, doneBytes = 0, totalBytes = 0 } = told;
  ctx.db.transaction(
    () =>
      ctx.db
        .update(registrations)
        .set({ status: 'running', phase, doneBytes, totalBytes })
        .where(and(eq(registrations.id, registrationId), inArray(registrations.status, [...OPEN_STATUSES])))
        .run(),
    { behavior: 'immediate' },
  );
}

/** Ends a registration that became no checkpoint, with its audit event, and removes its files. False when it had ended before. */
export function endRegistration(
  ctx: Ctx,
  row: Pick<Registration, 'id' | 'projectId'>,
  { status, error }: { status: 'failed' | 'cancelled'; error: string | null },
): boolean {
  const { changes } = ctx.db
    .update(registrations)
    .set({ status, phase: status, error, finishedAt: ctx.now() })
    .where(and(eq(registrations.id, row.id), inArray(registrations.status, [...OPEN_STATUSES])))
    .run();
  if (changes !== 1) return false;
  appendAudit(ctx, {
    action: 'models.add-ended',
    subject: row.id,
    projectId: row.projectId,
    payload: { status },
  });
  rmSync(registrationFolder(ctx, row.id), { recursive: true, force: true });
  return true;
}
