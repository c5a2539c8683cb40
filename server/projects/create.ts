import { eq } from 'drizzle-orm';
import { guidelines, memberships, projects } from '../../db/schema/projects.ts';
import { newId } from '../../lib/new-id.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { DEFAULT_GUIDELINE } from './default-guideline.ts';
import { type CreateProjectInput, createProjectInput, DEFAULT_SETTINGS, slugSchema } from './schemas.ts';

export type Project = typeof projects.$inferSelect;

/**
 * Makes a project with default settings, the first version of its guideline and the signed-in person as its owner. Only the
 * owner of the installation may. Throws `conflict` when the slug is taken.
 */
export function createProject({ ctx, input }: { ctx: Ctx; input: CreateProjectInput }): Project {
  const userId = requireUser(ctx);
  if (ctx.actor.type !== 'user' || !ctx.actor.isInstanceOwner) {
    throw new DomainError('forbidden', 'Only the owner of this installation may create projects.');
  }
  const { name, description, settings, guideline, ...given } = createProjectInput.parse(input);
  const slug = given.slug ?? slugFrom(name);
  const now = ctx.now();
  const id = newId('prj', now);
  return ctx.db.transaction(
    () => {
      if (ctx.db.select({ id: projects.id }).from(projects).where(eq(projects.slug, slug)).get()) {
        throw new DomainError('conflict', `There is a project at "${slug}" already: choose another address.`);
      }
      const project = ctx.db
        .insert(projects)
        .values({
          id,
          slug,
          name,
          description,
          settings: { ...DEFAULT_SETTINGS, ...settings },
          createdBy: userId,
          createdAt: now,
        })
        .returning()
        .get();
      const text = guideline ?? DEFAULT_GUIDELINE;
      ctx.db
        .insert(guidelines)
        .values({ projectId: id, version: 1, text, createdBy: userId, createdAt: now })
        .run();
      ctx.db
        .insert(memberships)
        .values({ projectId: id, userId, role: 'owner', pseudonym: 'A1', createdAt: now })
        .run();
      appendAudit(ctx, {
        action: 'projects.create',
        subject: id,
        projectId: id,
        payload: { slug, settings: project.settings },
      });
      return project;
    },
    { behavior: 'immediate' },
  );
}

function slugFrom(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
    .replaceAll(' ', '-')
    .slice(0, 48)
    .replace(/-$/, '');
  const parsed = slugSchema.safeParse(slug);
  if (parsed.success) return parsed.data;
  throw new DomainError('invalid', `No address can be made from the name "${name}": give one (slug).`);
}
