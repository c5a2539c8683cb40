import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';

// not strict: TanStack's infinite queries add a direction
export const listAuditInput = z.object({
  projectId: inputText(),
  /** exact name, or the beginning of one: `judgments.` */
  action: inputText().max(80).optional(),
  actor: inputText().max(80).optional(),
  subject: inputText().max(80).optional(),
  /** UTC ms, inclusive */
  from: z.int().optional(),
  /** UTC ms, exclusive */
  until: z.int().optional(),
  /** records before this sequence number: where the page before ended */
  cursor: z.int().nullish(),
  limit: z.int().min(1).max(200).default(50),
});
export type ListAuditInput = z.infer<typeof listAuditInput>;

/** What a check found first. `where` names the record, row or file. */
export type Finding = { where: string; problem: string };
