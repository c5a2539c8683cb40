import { eq } from 'drizzle-orm';
import { projects } from '../../db/schema/projects.ts';
import type { Role } from '../../lib/roles.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { findInvite } from '../projects/internal.ts';
import { WORTHLESS_LINK } from './internal.ts';

/** What an invitation is to, for the page that accepts it. Throws `expired` for a link that is not valid. */
export function readInvite({ ctx, input }: { ctx: Ctx; input: { token: string } }): {
  projectName: string;
  role: Role;
  expiresAt: number;
} {
  const invite = findInvite(ctx, input.token, 'member');
  const project = invite?.projectId
    ? ctx.db.select().from(projects).where(eq(projects.id, invite.projectId)).get()
    : undefined;
  if (!invite?.role || !project) throw new DomainError('expired', WORTHLESS_LINK);
  return { projectName: project.name, role: invite.role, expiresAt: invite.expiresAt };
}
