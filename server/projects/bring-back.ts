import { eq } from 'drizzle-orm';
import { projects } from '../../db/schema/projects.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';

/** Takes a project out of the archive: everything goes on as before. Throws `conflict` where it is not archived, or is being deleted. */
export function bringBackProject({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): void {
  const { projectId } = input;
  requirePermission(ctx, projectId, 'project.archive');
  const isNamed = eq(projects.id, projectId);
  ctx.db.transaction(
    () => {
      const project = ctx.db.select().from(projects).where(isNamed).get();
      if (!project || project.deletedAt !== null)
        throw new DomainError('not-found', `No project ${projectId}.`);
      if (project.archivedAt === null) throw new DomainError('conflict', 'This project is not archived.');
      ctx.db.update(projects).set({ archivedAt: null, deleteAt: null }).where(isNamed).run();
      appendAudit(ctx, { action: 'projects.bringBack', subject: projectId, projectId, payload: {} });
    },
    { behavior: 'immediate' },
  );
}
