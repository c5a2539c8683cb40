import { timingSafeEqual } from 'node:crypto';
import type { Ctx } from '../context.ts';
import { keyedHash } from './derived-key.ts';

const MINUTES_5 = 5 * 60_000;

/** Says for five minutes that the provider has vouched for somebody whose code is still to come. Alone it opens nothing. */
export function createOidcTicket(ctx: Pick<Ctx, 'dataFolder' | 'now'>, userId: string): string {
  const claim = `${userId}.${ctx.now() + MINUTES_5}`;
  return `${claim}.${keyedHash(ctx, 'sign-in tickets', claim)}`;
}

/** Whom a ticket is about, or null for one that is forged, cut or too old. */
export function readOidcTicket(ctx: Pick<Ctx, 'dataFolder' | 'now'>, ticket: string): string | null {
  const [userId = '', until = '', hash = '', ...more] = ticket.split('.');
  const expected = Buffer.from(keyedHash(ctx, 'sign-in tickets', `${userId}.${until}`));
  const given = Buffer.from(hash);
  if (more.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return Number(until) > ctx.now() ? userId : null;
}
