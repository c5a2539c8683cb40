import { and, desc, eq, inArray, or } from 'drizzle-orm';
import { erasures } from '../../db/schema/erasures.ts';
import { memberships } from '../../db/schema/projects.ts';
import { type Ctx, requirePermission } from '../context.ts';
import type { ErasureSummary } from './schemas.ts';

const MAX_LISTED = 200;

/** Erasures of texts of a project and of people who are or were members, the newest first; or those of one subject. */
export function listErasures({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; subjectId?: string | undefined };
}): ErasureSummary[] {
  const { projectId, subjectId } = input;
  requirePermission(ctx, projectId, 'data.read');
  const members = ctx.db
    .select({ id: memberships.userId })
    .from(memberships)
    .where(eq(memberships.projectId, projectId));
  const rows = ctx.db
    .select()
    .from(erasures)
    .where(
      and(
        or(eq(erasures.projectId, projectId), inArray(erasures.subjectId, members)),
        subjectId === undefined ? undefined : eq(erasures.subjectId, subjectId),
      ),
    )
    .orderBy(desc(erasures.id))
    .limit(MAX_LISTED)
    .all();
  return rows.map(({ id, kind, subjectId, reason, createdAt, doneAt, result }) => ({
    ...{ erasureId: id, kind, subjectId, reason, createdAt, doneAt, result },
  }));
}
