import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { AuditRecord } from '../../db/audit/append-record.ts';
import { HEADS_FILE, type Head, isSignedBy, keyIdOf, LAST_RECORD_FILE } from '../../db/audit/heads.ts';
import { addLeaf, type GrowingTree, rootOfTree } from '../../db/audit/merkle.ts';
import { KEPT_LEVELS, recordLeaf } from '../../db/audit/tree.ts';
import type { Db } from '../../db/client.ts';
import { auditHeads } from '../../db/schema/audit-heads.ts';
import type { Findings } from './findings.ts';

const headSchema = z.object({
  seq: z.int().positive(),
  hash: z.string(),
  root: z.string(),
  at: z.int(),
  keyId: z.string(),
  signature: z.string(),
});
const lastRecordSchema = headSchema.pick({ seq: true, hash: true });

/** A head and who holds it. */
type Claim = { from: string; head: Head };
/** What whoever checks brings along: heads that were noted elsewhere, and the key that must have signed them. */
export type Trusted = { heads: readonly Head[]; publicKey: string | null };

/** A manifest and a proof carry a head as well. */
const headIn = z.union([
  headSchema,
  z.object({ signed_head: headSchema }).transform(({ signed_head }) => signed_head),
  z.object({ head: headSchema }).transform(({ head }) => head),
]);

/** Reads one head, a file of them, one in a line, or a manifest or proof that carries one. Throws for a line that is none. */
export function parseHeads(text: string): Head[] {
  const whole = text.trim();
  // a single head may have been written over several lines
  const lines = whole.startsWith('{') && isJson(whole) ? [whole] : whole.split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => headIn.parse(JSON.parse(line)));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Watches the chain go by, record by record, for every head that is known: in the database, in heads.jsonl beside it, and those
 * that were brought along. Reports one whose record has another hash, whose tree has another root, whose signature is not by the
 * key, and one of a record that is not there any more.
 */
export function watchHeads(
  db: Db,
  { dataFolder, trusted, findings }: { dataFolder: string | null; trusted: Trusted; findings: Findings },
): { onRecord: (record: AuditRecord) => void; finish: () => number } {
  const claims = knownClaims(db, { dataFolder, trusted, findings });
  const last = dataFolder === null ? null : readLastRecord(dataFolder);
  const bySeq = new Map<number, Claim[]>();
  for (const claim of claims) bySeq.set(claim.head.seq, [...(bySeq.get(claim.head.seq) ?? []), claim]);
  const keys = new Map<string, string>();
  const tree: GrowingTree = { size: 0, subtrees: [] };
  const keptNode = db.$client.prepare('select hash from audit_tree where level = ? and position = ?').pluck();
  let numRecords = 0;
  let good = 0;
  return {
    onRecord: (record) => {
      numRecords = record.seq;
      if (record.action === 'audit.key') noteKey(record, keys);
      if (last?.seq === record.seq && last.hash !== record.hash)
        findings.add(
          'head',
          LAST_RECORD_FILE,
          `says that audit record ${last.seq} had the hash ${last.hash}`,
        );
      addLeaf(tree, recordLeaf(record.hash), (level, position, hash) => {
        if (!KEPT_LEVELS.includes(level)) return;
        const kept = keptNode.get(level, position) as Buffer | undefined;
        if (kept !== undefined && !kept.equals(hash))
          findings.add('head', `audit_tree ${level}/${position}`, 'is not the hash of the records below it');
      });
      for (const { from, head } of bySeq.get(record.seq) ?? []) {
        const root = tree.size === record.seq ? rootOfTree(tree).toString('hex') : null;
        if (head.hash !== record.hash)
          findings.add(
            'head',
            from,
            `audit record ${head.seq} had the hash ${head.hash}; now it has ${record.hash}`,
          );
        else if (head.root !== root)
          findings.add(
            'head',
            from,
            `the first ${head.seq} audit records had the root ${head.root}; now ${root}`,
          );
        else good += 1;
      }
    },
    finish: () => {
      for (const { from, head } of claims) {
        if (head.seq > numRecords)
          findings.add(
            'head',
            from,
            `audit record ${head.seq} was there on ${new Date(head.at).toISOString()}; now the log ends with ${numRecords}`,
          );
        const key = trusted.publicKey ?? keys.get(head.keyId);
        if (key === undefined)
          findings.add('head', from, `was signed by a key that the log does not name: ${head.keyId}`);
        else if (!isSignedBy(head, key))
          findings.add('head', from, `is not signed by the key ${keyIdOf(key)}`);
      }
      if (last !== null && last.seq > numRecords)
        findings.add(
          'head',
          LAST_RECORD_FILE,
          `audit record ${last.seq} was written; now the log ends with ${numRecords}`,
        );
      return good;
    },
  };
}

function noteKey({ payload }: AuditRecord, keys: Map<string, string>): void {
  try {
    const { publicKey } = z.object({ publicKey: z.string() }).parse(JSON.parse(payload));
    keys.set(keyIdOf(publicKey), publicKey);
  } catch {
    // the record's own hash has told of that
  }
}

function knownClaims(
  db: Db,
  { dataFolder, trusted, findings }: { dataFolder: string | null; trusted: Trusted; findings: Findings },
): Claim[] {
  const claims: Claim[] = trusted.heads.map((head) => ({
    from: `head of record ${head.seq}, kept elsewhere`,
    head,
  }));
  for (const head of db.select().from(auditHeads).all())
    claims.push({ from: `audit_heads ${head.seq}`, head });
  const file = dataFolder === null ? null : path.join(dataFolder, HEADS_FILE);
  if (file === null || !existsSync(file)) return claims;
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((line, index) => {
      const from = `${HEADS_FILE}:${index + 1}`;
      if (line === '') return;
      const [head] = isJson(line) ? [headSchema.safeParse(JSON.parse(line))] : [];
      if (head?.success) claims.push({ from, head: head.data });
      else findings.add('head', from, 'is no head');
    });
  return claims;
}

function readLastRecord(dataFolder: string): { seq: number; hash: string } | null {
  const file = path.join(dataFolder, LAST_RECORD_FILE);
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  const parsed = isJson(text) ? lastRecordSchema.safeParse(JSON.parse(text)) : null;
  return parsed?.success ? parsed.data : null;
}
