import { and, eq, isNull } from 'drizzle-orm';
import { projects } from '../../db/schema/projects.ts';
import { users } from '../../db/schema/users.ts';
import { newId } from '../../lib/new-id.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { createProject } from './create.ts';

const NAME = 'Command line';

/**
 * The project at a slug, made with default settings where there is none: for the command line, which works without the web.
 * It belongs to a user of that name who has no address and no password, so nobody can sign in as it; the owner of the
 * installation owns every project anyway. Throws `forbidden` unless called by the system.
 */
export function ensureProject({ ctx, input }: { ctx: Ctx; input: { slug: string } }): {
  projectId: string;
  isNew: boolean;
} {
  if (ctx.actor.type !== 'system') throw new DomainError('forbidden', 'Only the command line may do this.');
  const known = ctx.db.select({ id: projects.id }).from(projects).where(eq(projects.slug, input.slug)).get();
  if (known) return { projectId: known.id, isNew: false };
  return ctx.db.transaction(
    () => {
      const userId = commandLineUser(ctx);
      const asUser: Ctx = { ...ctx, actor: { type: 'user', userId, isInstanceOwner: true } };
      const project = createProject({ ctx: asUser, input: { name: input.slug, slug: input.slug } });
      return { projectId: project.id, isNew: true };
    },
    { behavior: 'immediate' },
  );
}

function commandLineUser(ctx: Ctx): string {
  const known = ctx.db
    .select({ id: users.id })
    .from(users)
    // a person may have chosen the same name, but a person has an address
    .where(and(eq(users.name, NAME), isNull(users.email), eq(users.isSimulated, false)))
    .get();
  if (known) return known.id;
  const id = newId('usr', ctx.now());
  ctx.db.insert(users).values({ id, name: NAME, createdAt: ctx.now() }).run();
  return id;
}
