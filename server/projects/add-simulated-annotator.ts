import { memberships } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { nextPseudonym } from './internal.ts';

/**
 * Adds an annotator that is a program: no address, no password, so nobody can sign in as it, and every judgment it makes is
 * marked as simulated on pages and in exports. Needs the right to invite members.
 */
export function addSimulatedAnnotator({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string; name: string };
}): { userId: string } {
  requirePermission(ctx, input.projectId, 'members.invite');
  const { projectId, name } = input;
  return ctx.db.transaction(
    () => {
      const now = ctx.now();
      const userId = newId('usr', now);
      ctx.db.insert(users).values({ id: userId, name, isSimulated: true, createdAt: now }).run();
      const pseudonym = nextPseudonym(ctx, projectId);
      ctx.db
        .insert(memberships)
        .values({ projectId, userId, role: 'annotator', pseudonym, createdAt: now })
        .run();
      appendAudit(ctx, {
        action: 'projects.addSimulatedAnnotator',
        subject: userId,
        projectId,
        payload: { pseudonym },
      });
      return { userId };
    },
    { behavior: 'immediate' },
  );
}
