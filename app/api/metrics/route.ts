import { createHash, timingSafeEqual } from 'node:crypto';
import { answer } from '@/app/api/answer.ts';
import { appDatabase } from '@/server/auth/app-database.ts';
import { countByAddress } from '@/server/auth/create-route-context.ts';
import { readEnv } from '@/server/env.ts';
import { readMetricsText } from '@/server/metrics/read-metrics.ts';

export const dynamic = 'force-dynamic';

/** GET with `Authorization: Bearer <PLUMBLINE_METRICS_TOKEN>`: figures for Prometheus. Without that variable there is no such page. */
export function GET(request: Request) {
  return answer(() => figures(request));
}

async function figures(request: Request): Promise<Response> {
  const { PLUMBLINE_METRICS_TOKEN: token, PLUMBLINE_DATA: dataFolder } = readEnv();
  if (token === undefined)
    return new Response('Set PLUMBLINE_METRICS_TOKEN to have figures here.\n', { status: 404 });
  const given = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
  if (!isSame(given, token)) {
    countByAddress(request.headers, 'guess');
    return new Response('Expected the header Authorization: Bearer <PLUMBLINE_METRICS_TOKEN>.\n', {
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
  const text = await readMetricsText({ ctx: { db: appDatabase(), dataFolder, now: Date.now } });
  return new Response(text, {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
  });
}

/** Takes the same time wherever the first difference is. */
function isSame(given: string, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}
