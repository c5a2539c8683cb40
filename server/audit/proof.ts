import { z } from 'zod';

const hex = z.string().regex(/^[0-9a-f]*$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Lines of one record: an import's batch has thousands. */
const MAX_LINES = 200_000;

/**
 * That a judgment is in the audit log as it stands: the judgment, the record that vouches for it, that record's way up the Merkle
 * tree, and the signed head whose root it leads to. Needs no database to be checked (server/verify/check-proof.ts).
 */
export const proofSchema = z.strictObject({
  plumbline: z.literal('proof/1'),
  /** for whoever reads the file */
  how_to_check: z.string(),
  judgment_id: z.string(),
  evidence: z.discriminatedUnion('kind', [
    /** the record carries the digest of lines, one of which carries the salted digest of the row (db/audit/row-digest.ts) */
    z.strictObject({
      kind: z.literal('row'),
      salt: hex,
      /** the row as it enters its digest: a JSON list of [column, value] */
      row: z.string(),
      lines: z.array(z.tuple([z.string(), z.string(), sha256.nullable()])).max(MAX_LINES),
    }),
    /** before 0.7.0: the record's payload carries the digest of the judgment (server/judgments/digest.ts) */
    z.strictObject({ kind: z.literal('payload'), judgment: z.record(z.string(), z.json()) }),
  ]),
  record: z.strictObject({
    ...{ seq: z.int().positive(), at: z.int(), actor: z.string(), action: z.string(), subject: z.string() },
    ...{ projectId: z.string().nullable(), payload: z.string(), payloadHash: sha256 },
    ...{ previousHash: sha256, hash: sha256 },
  }),
  /** siblings from the record's leaf up to the root of the head, RFC 6962, 2.1.1 */
  path: z.array(sha256).max(64),
  head: z.strictObject({
    ...{ seq: z.int().positive(), hash: sha256, root: sha256, at: z.int(), keyId: sha256 },
    signature: z.string(),
  }),
  /** PEM of the key that signed the head; who trusts another one names it with --public-key */
  public_key: z.string(),
});
export type Proof = z.infer<typeof proofSchema>;
