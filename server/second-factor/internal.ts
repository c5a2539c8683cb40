import { createCipheriv, createDecipheriv, randomBytes, randomInt } from 'node:crypto';
import { and, eq, isNull, lt, or } from 'drizzle-orm';
import { Secret, TOTP } from 'otpauth';
import { recoveryCodes, users } from '../../db/schema/users.ts';
import { derivedKey, keyedHash } from '../auth/derived-key.ts';
import type { Ctx } from '../context.ts';
import { log } from '../log.ts';

type Person = typeof users.$inferSelect;

const PERIOD_S = 30;
const NUM_RECOVERY_CODES = 10;
/** without those that look alike */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** AES-256-GCM, bound to the person, so that a secret copied to another row opens nothing: iv, tag and text in base64url. */
export function encryptSecret(ctx: Pick<Ctx, 'dataFolder'>, userId: string, secret: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', derivedKey(ctx, 'second factor'), iv).setAAD(
    Buffer.from(userId),
  );
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
}

function decryptSecret(ctx: Pick<Ctx, 'dataFolder'>, userId: string, encrypted: string): string {
  const bytes = Buffer.from(encrypted, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', derivedKey(ctx, 'second factor'), bytes.subarray(0, 12), {
    authTagLength: 16,
  })
    .setAAD(Buffer.from(userId))
    .setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
}

/** The generator of a person's codes (RFC 6238: SHA-1, six digits, 30 s, as every app knows it). */
export function totpOf(person: Pick<Person, 'email' | 'name'>, secret: string): TOTP {
  const label = person.email ?? person.name;
  return new TOTP({ issuer: 'Plumbline', label, secret: Secret.fromBase32(secret), period: PERIOD_S });
}

/** True when the code is the person's, of this half minute or the ones beside it, and none of its step was used. Uses it up. */
export function takeTotpCode(
  ctx: Pick<Ctx, 'db' | 'dataFolder' | 'now'>,
  person: Person,
  code: string,
): boolean {
  if (person.totpSecret === null || !/^\d{6}$/.test(code)) return false;
  let secret: string;
  try {
    secret = decryptSecret(ctx, person.id, person.totpSecret);
  } catch (error) {
    log().error(
      { err: error, userId: person.id },
      'a second factor cannot be read: was the session secret changed?',
    );
    return false;
  }
  const timestamp = ctx.now();
  const delta = totpOf(person, secret).validate({ token: code, timestamp, window: 1 });
  if (delta === null) return false;
  const step = Math.floor(timestamp / 1000 / PERIOD_S) + delta;
  // the condition is in the statement: of two requests with the same code one changes a row
  const isUnused = or(isNull(users.totpLastStep), lt(users.totpLastStep, step));
  const { changes } = ctx.db
    .update(users)
    .set({ totpLastStep: step })
    .where(and(eq(users.id, person.id), isUnused))
    .run();
  return changes === 1;
}

/** True when this is one of the person's unused recovery codes, however it is spaced. Uses it up. */
export function takeRecoveryCode(
  ctx: Pick<Ctx, 'db' | 'dataFolder' | 'now'>,
  userId: string,
  code: string,
): boolean {
  const { changes } = ctx.db
    .update(recoveryCodes)
    .set({ usedAt: ctx.now() })
    .where(
      and(
        eq(recoveryCodes.userId, userId),
        eq(recoveryCodes.codeHash, hashOf(ctx, userId, code)),
        isNull(recoveryCodes.usedAt),
      ),
    )
    .run();
  return changes === 1;
}

/** Ten new codes in place of the old ones; they are in the answer and nowhere else. Call inside a transaction. */
export function replaceRecoveryCodes(ctx: Pick<Ctx, 'db' | 'dataFolder' | 'now'>, userId: string): string[] {
  ctx.db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId)).run();
  const codes = Array.from({ length: NUM_RECOVERY_CODES }, () => {
    const letters = Array.from({ length: 12 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    return letters.replace(/(.{4})(?=.)/g, '$1-');
  });
  const rows = codes.map((code) => ({ userId, codeHash: hashOf(ctx, userId, code), createdAt: ctx.now() }));
  ctx.db.insert(recoveryCodes).values(rows).run();
  return codes;
}

/** No second factor any more. Call inside the transaction that says why. */
export function forgetSecondFactor(ctx: Pick<Ctx, 'db'>, userId: string): void {
  const none = { totpSecret: null, totpSince: null, totpLastStep: null };
  ctx.db.update(users).set(none).where(eq(users.id, userId)).run();
  ctx.db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId)).run();
}

function hashOf(ctx: Pick<Ctx, 'dataFolder'>, userId: string, code: string): string {
  return keyedHash(ctx, 'recovery codes', `${userId} ${code.toLowerCase().replace(/[^a-z0-9]/g, '')}`);
}
