import { createHash } from 'node:crypto';
import { z } from 'zod';
import { auditHash, digestLines } from '../../db/audit/append-record.ts';
import { isSignedBy, keyIdOf } from '../../db/audit/heads.ts';
import { rootOfPath } from '../../db/audit/merkle.ts';
import { digestOfRowTexts } from '../../db/audit/row-digest.ts';
import { recordLeaf } from '../../db/audit/tree.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Proof } from '../audit/proof.ts';
import { judgmentDigest } from '../judgments/digest.ts';

const recordedRows = z.object({ recorded: z.object({ count: z.int(), digest: z.string() }) });
const oldPayload = z.union([
  z.object({ digest: z.string() }).transform(({ digest }) => [digest]),
  z
    .object({ judgmentDigests: z.union([z.array(z.string()), z.record(z.string(), z.string())]) })
    .transform(({ judgmentDigests }) => Object.values(judgmentDigests)),
]);

/**
 * Why a proof does not hold, from the judgment up to the signature; null when it does. `publicKey` is the key that must have signed;
 * without one the proof's own is taken, and only says that the file belongs together.
 */
export function problemOfProof(proof: Proof, { publicKey }: { publicKey: string | null }): string | null {
  const { record, head } = proof;
  const problem = problemOfEvidence(proof);
  if (problem !== null) return problem;
  const payloadHash = createHash('sha256').update(record.payload, 'utf8').digest('hex');
  if (payloadHash !== record.payloadHash)
    return `audit record ${record.seq} does not have its payload’s hash`;
  if (auditHash(record) !== record.hash) return `audit record ${record.seq} does not have its hash`;
  const place = { index: record.seq - 1, size: head.seq };
  const path = proof.path.map((hash) => Buffer.from(hash, 'hex'));
  const root = rootOfPath(recordLeaf(record.hash), place, path)?.toString('hex');
  if (root !== head.root)
    return `audit record ${record.seq} is not among the ${head.seq} records of the head, whose root is ${head.root}`;
  const key = publicKey ?? proof.public_key;
  return isSignedBy(head, key) ? null : `its head is not signed by the key ${keyIdOf(key)}`;
}

function problemOfEvidence({ judgment_id: id, evidence, record }: Proof): string | null {
  const payload = parseJson(record.payload);
  if (evidence.kind === 'payload') {
    if (evidence.judgment.id !== id) return `it is of judgment ${evidence.judgment.id}, not of ${id}`;
    const digests = oldPayload.safeParse(payload);
    const digest = judgmentDigest(evidence.judgment as Parameters<typeof judgmentDigest>[0]);
    return digests.success && digests.data.includes(digest) ? null : notVouched(id, record.seq);
  }
  const { salt, row, lines } = evidence;
  const said = z.array(z.tuple([z.string(), z.unknown()])).safeParse(parseJson(row));
  const named = said.success && said.data.find(([column]) => column === 'id')?.[1];
  if (named !== id) return `it is of judgment ${named}, not of ${id}`;
  const where = { table: 'judgments', key: id, salt: Buffer.from(salt, 'hex') };
  const digest = digestOfRowTexts(where, [row]).toString('hex');
  const isListed = lines.some(
    ([table, key, listed]) => table === 'judgments' && key === id && listed === digest,
  );
  if (!isListed) return notVouched(id, record.seq);
  const recorded = recordedRows.safeParse(payload);
  const { count, digest: ofLines } = digestLines(lines);
  const isRecorded =
    recorded.success && recorded.data.recorded.count === count && recorded.data.recorded.digest === ofLines;
  return isRecorded ? null : `its lines are not those that audit record ${record.seq} carries the digest of`;
}

const notVouched = (id: string, seq: number) => `judgment ${id} is not as audit record ${seq} vouches for it`;
