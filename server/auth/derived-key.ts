import { createHmac, hkdfSync } from 'node:crypto';
import type { Ctx } from '../context.ts';
import { readEnv } from '../env.ts';
import { sessionSecret } from './secret.ts';

type Purpose = 'second factor' | 'recovery codes' | 'addresses' | 'sign-in tickets';

/** A key of 32 bytes for one purpose, derived from the session secret (HKDF, RFC 5869): who has one of them has no other. */
export function derivedKey(ctx: Pick<Ctx, 'dataFolder'>, purpose: Purpose): Buffer {
  const secret = sessionSecret(ctx.dataFolder, readEnv().NEXTAUTH_SECRET);
  return Buffer.from(hkdfSync('sha256', secret, '', `plumbline ${purpose}`, 32));
}

/** HMAC-SHA256 under the key of the purpose: tells that two texts are the same to whoever has the secret, and nothing else. */
export function keyedHash(ctx: Pick<Ctx, 'dataFolder'>, purpose: Purpose, text: string): string {
  return createHmac('sha256', derivedKey(ctx, purpose)).update(text).digest('base64url');
}
