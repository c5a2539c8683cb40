import { BlockList, isIP } from 'node:net';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { isDemoFolder } from '../demo-folder.ts';
import { DomainError } from '../errors.ts';
import { findInvite, spendInvite } from '../projects/internal.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';
import { getPerson } from './internal.ts';

const WORTHLESS_DEMO_LINK =
  'This link does not work any more: it opens the demo once, within a day, on the machine that it runs on. npm run demo prints new ones.';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/**
 * Uses a link of the demo up and gives the person whom it signs in. Throws `expired` for one that is not valid, in a data folder
 * that is not the demo's, and for who does not come from this machine itself: a link is less than a password.
 */
export async function takeDemoLink({
  ctx,
  input: { token, address },
}: {
  ctx: Pick<Ctx, 'db' | 'dataFolder' | 'now'>;
  input: { token: string; address: string };
}): Promise<{ userId: string }> {
  const worthless = new DomainError('expired', WORTHLESS_DEMO_LINK);
  // before the write lock, or strangers could keep it busy
  if (!isDemoFolder(ctx.dataFolder) || !isThisMachine(address) || !findInvite(ctx, token, 'demo')) {
    throw worthless;
  }
  return writeWhenUnlocked(ctx.db, () => {
    const link = findInvite(ctx, token, 'demo');
    if (!link?.userId || getPerson(ctx, link.userId).disabledAt !== null) throw worthless;
    const { userId } = link;
    spendInvite(ctx, link.id, userId);
    appendAudit(
      { ...ctx, actor: { type: 'user', userId, isInstanceOwner: false } },
      {
        action: 'users.signIn',
        subject: userId,
        projectId: null,
        payload: { method: 'demo link', link: link.id },
      },
    );
    return { userId };
  });
}

function isThisMachine(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
