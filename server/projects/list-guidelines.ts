import { desc, eq } from 'drizzle-orm';
import { guidelines } from '../../db/schema/projects.ts';
import { type Ctx, requirePermission } from '../context.ts';

export type Guideline = { version: number; text: string; createdAt: number };

/** All versions of a project's guideline, the newest (which is in force) first. */
export function listGuidelines({ ctx, input }: { ctx: Ctx; input: { projectId: string } }): Guideline[] {
  requirePermission(ctx, input.projectId, 'project.read');
  return ctx.db
    .select({ version: guidelines.version, text: guidelines.text, createdAt: guidelines.createdAt })
    .from(guidelines)
    .where(eq(guidelines.projectId, input.projectId))
    .orderBy(desc(guidelines.version))
    .all();
}
