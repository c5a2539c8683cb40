import { eq } from 'drizzle-orm';
import { projects } from '../../db/schema/projects.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { Project } from './create.ts';
import type { UpdateProjectInput } from './schemas.ts';

/** Changes name, description or settings; the audit event keeps the settings before and after. */
export function updateProject({ ctx, input }: { ctx: Ctx; input: UpdateProjectInput }): Project {
  const { projectId, name, description, settings } = input;
  requirePermission(ctx, projectId, 'project.update');
  return ctx.db.transaction(
    () => {
      const before = ctx.db.select().from(projects).where(eq(projects.id, projectId)).get();
      if (!before) throw new DomainError('not-found', `No project ${projectId}.`);
      const after = ctx.db
        .update(projects)
        .set({
          name: name ?? before.name,
          description: description ?? before.description,
          settings: { ...before.settings, ...settings },
        })
        .where(eq(projects.id, projectId))
        .returning()
        .get();
      appendAudit(ctx, {
        action: 'projects.update',
        subject: projectId,
        projectId,
        payload: { before: before.settings, after: after.settings },
      });
      return after;
    },
    { behavior: 'immediate' },
  );
}
