import { countByAddress } from '@/server/auth/create-route-context.ts';
import { readEnv } from '@/server/env.ts';
import { errorResponse } from '@/server/error-response.ts';
import { HEALTH_PARTS, readHealth } from '@/server/health.ts';

export const dynamic = 'force-dynamic';

/**
 * GET [?need=web,database]: how web, worker, disk and database are, for supervisors, load balancers and the page of an error. The
 * status is 503 when a part that is needed (all, when not said) is not ok.
 */
export async function GET(request: Request): Promise<Response> {
  try {
    countByAddress(request.headers, 'read');
  } catch (error) {
    const refused = errorResponse(error);
    if (refused === null) throw error;
    return refused;
  }
  const asked = new URL(request.url).searchParams.get('need');
  const needed = HEALTH_PARTS.filter((part) => asked === null || asked.split(',').includes(part));
  const health = await readHealth(readEnv().PLUMBLINE_DATA);
  const isGood = needed.every((part) => health[part].ok);
  return Response.json(health, { status: isGood ? 200 : 503, headers: { 'cache-control': 'no-store' } });
}
