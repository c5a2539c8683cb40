import { createHash } from 'node:crypto';
import type { judgments } from '../../db/schema/judgments.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';

/**
 * sha256 over everything a judgment says, as audit events before 0.7.0 carried it; later ones vouch for it as for every row
 * (db/audit), with a salt. The rationale enters by its own hash.
 */
export function judgmentDigest(judgment: Omit<typeof judgments.$inferSelect, 'eventHash'>): string {
  const { rationale, given, erasedAt: _, ...rest } = judgment;
  // judgments made before there was this column keep the digest that was recorded then
  const said = given === null ? rest : { ...rest, given };
  const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');
  return sha256(canonicalJson({ ...said, rationaleHash: sha256(rationale) }));
}
