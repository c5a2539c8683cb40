import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import type { Ctx } from '../../server/context.ts';
import { markDemoFolder } from '../../server/demo-folder.ts';
import { acceptOwnerLink } from '../../server/users/accept-owner-link.ts';
import { createOwnerLink } from '../../server/users/create-owner-link.ts';

export type DemoOwner = { userId: string; email: string; password: string };

const EMAIL = 'owner@demo.example';

/**
 * The person the demo acts as. Made by the one-time link at the first run; the password is random, printed at the end and kept
 * in the demo's own folder for the next run.
 */
export async function ensureOwner(ctx: Ctx): Promise<DemoOwner> {
  const file = path.join(ctx.dataFolder, 'owner-password.txt');
  const owner = ctx.db.select().from(users).where(eq(users.isInstanceOwner, true)).get();
  if (owner) {
    // of a folder that an earlier version of the demo made
    if (owner.email === EMAIL && existsSync(file)) markDemoFolder(ctx.dataFolder);
    const password = existsSync(file) ? readFileSync(file, 'utf8').trim() : '(chosen by the owner)';
    return { userId: owner.id, email: owner.email ?? EMAIL, password };
  }
  const password = randomBytes(12).toString('base64url');
  markDemoFolder(ctx.dataFolder);
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  const token = createOwnerLink({ ctx });
  if (token === null) throw new Error('This installation has an owner already, but no owner row was found.');
  const { userId } = await acceptOwnerLink({
    ctx,
    input: { token, name: 'Demo owner', email: EMAIL, password },
  });
  return { userId, email: EMAIL, password };
}
