import { sql } from 'drizzle-orm';
import { appDatabase } from '@/server/auth/app-database.ts';

export const dynamic = 'force-dynamic';

/** For supervisors and load balancers: answers when the process and its database do. */
export function GET(): Response {
  appDatabase().get(sql`select 1`);
  return Response.json({ ok: true });
}
