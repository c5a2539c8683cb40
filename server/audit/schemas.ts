import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';

const filter = {
  projectId: inputText(),
  /** exact name, or the beginning of one: `judgments.` */
  action: inputText().max(80).optional(),
  actor: inputText().max(80).optional(),
  subject: inputText().max(80).optional(),
  /** UTC ms, inclusive */
  from: z.int().optional(),
  /** UTC ms, exclusive */
  until: z.int().optional(),
  /** a number, hash, id, person or action: see search.ts */
  search: inputText().max(200).optional(),
  /** leave out that the reader looked at raw data */
  hideOwnReads: z.boolean().optional(),
};
// not strict: TanStack's infinite queries add a direction
export const listAuditInput = z.object({
  ...filter,
  /** records before this sequence number: where the page before ended */
  cursor: z.int().nullish(),
  limit: z.int().min(1).max(200).default(50),
});
export const downloadAuditInput = z.object({ ...filter, format: z.enum(['csv', 'jsonl']) });
export type AuditFilter = Omit<z.infer<typeof downloadAuditInput>, 'format'>;
export type DownloadAuditInput = z.infer<typeof downloadAuditInput>;
export type ListAuditInput = z.infer<typeof listAuditInput>;

/** What can be wrong, by kind: a word for whoever counts. */
export const FINDING_KINDS = [
  /** a record of the audit log was changed, removed, or put in */
  'audit-record',
  /** the digests that a record carries are not those that it was written with */
  'audit-rows',
  'row-changed',
  'row-removed',
  'row-added',
  /** what follows from other rows does not */
  'derived',
  /** a signed head is not of this log */
  'head',
  'manifest',
  'file',
  'checkpoint',
  /** a proof does not hold */
  'proof',
  'database',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One thing that a check found. `where` names the record, row or file. */
export type Finding = { kind: FindingKind; where: string; problem: string };
