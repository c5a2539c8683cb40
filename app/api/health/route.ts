import { appDatabase } from '@/server/auth/app-database.ts';

export const dynamic = 'force-dynamic';

/** For supervisors and load balancers: answers when the process and its database do. */
export function GET(): Response {
  appDatabase().$client.prepare('select 1').get();
  return Response.json({ ok: true });
}
