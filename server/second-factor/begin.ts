import { eq } from 'drizzle-orm';
import { Secret } from 'otpauth';
import QRCode from 'qrcode';
import { users } from '../../db/schema/users.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { getPerson } from '../users/internal.ts';
import { encryptSecret, totpOf } from './internal.ts';

/**
 * A new secret for the signed-in person's app, as text and as a QR code (SVG). It counts once confirmSecondFactor has seen a code
 * made with it. Throws `conflict` where a second factor is on already.
 */
export async function beginSecondFactor({ ctx }: { ctx: Ctx }): Promise<{ secret: string; qrSvg: string }> {
  const person = getPerson(ctx, requireUser(ctx));
  requireOff(person);
  const secret = new Secret({ size: 20 }).base32;
  const qrSvg = await QRCode.toString(totpOf(person, secret).toString(), { type: 'svg', margin: 2 });
  const totpSecret = encryptSecret(ctx, person.id, secret);
  await writeWhenUnlocked(ctx.db, () => {
    // asked again: another tab may have turned it on meanwhile
    requireOff(getPerson(ctx, person.id));
    ctx.db.update(users).set({ totpSecret, totpLastStep: null }).where(eq(users.id, person.id)).run();
    appendAudit(ctx, { action: 'users.beginSecondFactor', subject: person.id, projectId: null, payload: {} });
  });
  return { secret, qrSvg };
}

function requireOff({ totpSince }: { totpSince: number | null }): void {
  if (totpSince !== null) {
    throw new DomainError(
      'conflict',
      'Your second factor is on already: turn it off first to use another app.',
    );
  }
}
