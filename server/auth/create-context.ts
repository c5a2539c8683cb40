import type { Ctx } from '../context.ts';
import { readEnv } from '../env.ts';
import { appDatabase } from './app-database.ts';
import { bearerToken } from './bearer-token.ts';
import { clientAddress } from './client-address.ts';
import { actorOfSession, actorOfToken } from './find-actor.ts';
import { parseCookie } from './parse-cookie.ts';
import { readSessionToken, SESSION_COOKIE } from './session.ts';

/**
 * Request headers -> Ctx. An API token, when given, decides alone; otherwise the session cookie does; otherwise the actor is
 * anonymous. Throws `unauthenticated` for a wrong API token.
 */
export async function createContext(headers: Headers): Promise<Ctx> {
  const env = readEnv();
  const address = clientAddress(headers, env);
  const base = { db: appDatabase(), dataFolder: env.PLUMBLINE_DATA, now: Date.now, address };
  const bearer = bearerToken(headers);
  if (bearer !== null) return { ...base, actor: actorOfToken(base, bearer) };
  const cookie = parseCookie(headers.get('cookie') ?? '', SESSION_COOKIE);
  return { ...base, actor: actorOfSession(base, await readSessionToken(cookie)) };
}
