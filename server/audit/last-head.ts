import { desc } from 'drizzle-orm';
import { type Head, publicKeyOf } from '../../db/audit/heads.ts';
import type { Db } from '../../db/client.ts';
import { auditHeads } from '../../db/schema/audit-heads.ts';

/** The newest signed head, and the key that it is checked with: for whoever keeps it elsewhere. null before the first. */
export function lastHead(db: Db): { head: Head; publicKey: string } | null {
  const head = db.select().from(auditHeads).orderBy(desc(auditHeads.seq)).limit(1).get();
  const publicKey = publicKeyOf(db.$client);
  return head && publicKey !== null ? { head, publicKey } : null;
}
