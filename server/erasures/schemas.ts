import { z } from 'zod';
// types only: this file is also read by pages
import type { ErasureResult } from '../../db/schema/erasures.ts';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);
const reason = inputText().trim().min(3, 'expected a reason of three characters or more').max(500);

export const eraseTextInput = z.object({
  projectId: id,
  kind: z.enum(['prompt', 'response']),
  subjectId: id,
  /** stays in the audit log for good: no personal data, and nothing of the text */
  reason,
});
export const erasePersonInput = z.object({ userId: id, reason });
export const listErasuresInput = z.object({ projectId: id, subjectId: id.optional() });

export type EraseTextInput = z.infer<typeof eraseTextInput>;
export type ErasePersonInput = z.infer<typeof erasePersonInput>;

export type ErasureSummary = {
  erasureId: string;
  kind: 'person' | 'prompt' | 'response';
  subjectId: string;
  reason: string;
  createdAt: number;
  /** null while the worker has it in hand */
  doneAt: number | null;
  result: ErasureResult | null;
};
