import { and, eq, inArray, sql } from 'drizzle-orm';
import { chainExecutions } from '../../db/schema/chains.ts';
import { imports } from '../../db/schema/imports.ts';
import { jobs } from '../../db/schema/jobs.ts';
import { registrations } from '../../db/schema/models.ts';
import { projects } from '../../db/schema/projects.ts';
import { runs } from '../../db/schema/runs.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { ArchiveProjectInput } from './schemas.ts';

const DAY_MS = 24 * 60 * 60_000;

/**
 * Archives a project: it can be read and exported, nothing in it is written, lists leave it out, its schedules rest. After `days` the worker
 * deletes it with all its files (delete-archived.ts); until then it can be brought back. Throws `conflict` while something of it is
 * under way, and where it is archived already.
 */
export function archiveProject({ ctx, input }: { ctx: Ctx; input: ArchiveProjectInput }): {
  deleteAt: number;
} {
  const { projectId, days } = input;
  requirePermission(ctx, projectId, 'project.archive');
  return ctx.db.transaction(
    () => {
      const isNamed = eq(projects.id, projectId);
      const project = ctx.db.select().from(projects).where(isNamed).get();
      if (!project) throw new DomainError('not-found', `No project ${projectId}.`);
      if (project.archivedAt !== null) throw new DomainError('conflict', 'This project is archived already.');
      requireRest(ctx, projectId);
      const archivedAt = ctx.now();
      const deleteAt = archivedAt + days * DAY_MS;
      ctx.db.update(projects).set({ archivedAt, deleteAt }).where(isNamed).run();
      const payload = { days, deleteAt };
      appendAudit(ctx, { action: 'projects.archive', subject: projectId, projectId, payload });
      return { deleteAt };
    },
    { behavior: 'immediate' },
  );
}

/** What is under way would write into the project. */
function requireRest({ db }: Ctx, projectId: string): void {
  const ofRun = and(eq(runs.projectId, projectId), inArray(runs.status, ['queued', 'running', 'paused']));
  const ofChain = and(
    eq(chainExecutions.projectId, projectId),
    inArray(chainExecutions.status, ['running', 'paused']),
  );
  const ofImport = and(eq(imports.projectId, projectId), inArray(imports.status, ['queued', 'running']));
  const ofModel = and(
    eq(registrations.projectId, projectId),
    inArray(registrations.status, ['uploading', 'queued', 'running']),
  );
  const ofJob = and(
    inArray(jobs.status, ['queued', 'leased', 'paused']),
    sql`${jobs.payload} ->> '$.projectId' = ${projectId}`,
  );
  const underWay = [
    db.select({ id: runs.id }).from(runs).where(ofRun).get() && 'a run',
    db.select({ id: chainExecutions.id }).from(chainExecutions).where(ofChain).get() && 'a chain',
    db.select({ id: imports.id }).from(imports).where(ofImport).get() && 'an import',
    db.select({ id: registrations.id }).from(registrations).where(ofModel).get() && 'a model',
    db.select({ id: jobs.id }).from(jobs).where(ofJob).get() && 'work of the worker',
  ].filter((what) => what !== undefined);
  if (underWay.length === 0) return;
  throw new DomainError(
    'conflict',
    `Under way in this project: ${underWay.join(', ')}. Let it end, or cancel it.`,
  );
}
