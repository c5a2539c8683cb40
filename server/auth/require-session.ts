import { eq } from 'drizzle-orm';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { users } from '../../db/schema/users.ts';
import { createContext } from './create-context.ts';

export type Session = { userId: string; name: string; email: string | null; isInstanceOwner: boolean };

/** The signed-in person of this page request, or null. */
export async function readSession(): Promise<Session | null> {
  const ctx = await createContext(await headers());
  if (ctx.actor.type !== 'user') return null;
  const user = ctx.db.select().from(users).where(eq(users.id, ctx.actor.userId)).get();
  if (!user) return null;
  return { userId: user.id, name: user.name, email: user.email, isInstanceOwner: user.isInstanceOwner };
}

/** For pages: the signed-in person; everybody else is sent to the sign-in page and comes back afterwards. */
export async function requireSession(): Promise<Session> {
  const session = await readSession();
  if (session) return session;
  const path = (await headers()).get('x-plumbline-path');
  redirect(path ? `/sign-in?next=${encodeURIComponent(path)}` : '/sign-in');
}
