import { desc, eq } from 'drizzle-orm';
import { registrations } from '../../db/schema/models.ts';
import { type Ctx, requirePermission } from '../context.ts';
import type { Registration } from './registration.ts';

/** Models that were asked to be added, newest first, with how far each is or why it was refused. */
export function listRegistrations({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string };
}): Omit<Registration, 'createdBy'>[] {
  requirePermission(ctx, input.projectId, 'models.read');
  return ctx.db
    .select()
    .from(registrations)
    .where(eq(registrations.projectId, input.projectId))
    .orderBy(desc(registrations.id))
    .limit(50)
    .all()
    .map(({ createdBy: _, ...row }) => row);
}
