import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import type { Role } from '../../lib/roles.ts';
import type { Ctx } from '../../server/context.ts';
import { createInvite } from '../../server/projects/create-invite.ts';
import { acceptInvite } from '../../server/users/accept-invite.ts';
import { createDemoLink } from '../../server/users/create-demo-link.ts';

/** Whom a visitor may be, what each sees first, and why that is worth seeing. */
const VISITORS = [
  {
    role: 'annotator',
    firstPage: (slug: string) => `/label/${slug}`,
    what: 'rank the responses of the open tasks',
  },
  {
    role: 'researcher',
    firstPage: (slug: string) => `/projects/${slug}`,
    what: 'data, snapshots, runs and models',
  },
  {
    role: 'auditor',
    firstPage: (slug: string) => `/projects/${slug}/audit`,
    what: 'the audit log, and what proves it',
  },
] as const satisfies readonly { role: Role; firstPage: (slug: string) => string; what: string }[];

export type VisitorLink = { role: (typeof VISITORS)[number]['role']; path: string; what: string };

/**
 * Makes an annotator, a researcher and an auditor members of the project, through invitations as anybody (the same three people at
 * each run of the demo in a folder), and a one-time link for each. Nobody knows their passwords.
 */
export async function inviteVisitors(
  owner: Ctx,
  project: { id: string; slug: string },
): Promise<VisitorLink[]> {
  const links: VisitorLink[] = [];
  for (const { role, firstPage, what } of VISITORS) {
    const userId = await joinAs(owner, project.id, role);
    const { token } = createDemoLink({ ctx: owner, input: { userId } });
    links.push({ role, path: `/demo/${token}?next=${encodeURIComponent(firstPage(project.slug))}`, what });
  }
  return links;
}

async function joinAs(owner: Ctx, projectId: string, role: Role): Promise<string> {
  const { token } = createInvite({ ctx: owner, input: { projectId, role, days: 1 } });
  const email = `${role}@demo.example`;
  const known = owner.db.select({ id: users.id }).from(users).where(eq(users.email, email)).get();
  if (known) {
    const ctx: Ctx = { ...owner, actor: { type: 'user', userId: known.id, isInstanceOwner: false } };
    await acceptInvite({ ctx, input: { token } });
    return known.id;
  }
  const person = { name: `Visiting ${role}`, email, password: randomBytes(24).toString('base64url') };
  const { userId } = await acceptInvite({
    ctx: { ...owner, actor: { type: 'anonymous' } },
    input: { token, person },
  });
  return userId;
}
