import { z } from 'zod';
// types only: this file is also read by pages
import type { ImportFormat } from '../../db/schema/imports.ts';

const id = z.string().min(1).max(64);

/** Import formats with what a page says of them. */
export const importFormats = {
  'hh-rlhf': 'HH-RLHF transcripts: JSONL with "chosen" and "rejected"',
  'trl-preference': 'TRL preferences: JSONL with "chosen" and "rejected", "prompt" and "margin" optional',
  prompts: 'Prompts: one per line of text, or JSONL with "prompt" or "messages", "responses" optional',
  csv: 'CSV: columns "prompt", "chosen", "rejected", or "prompt", "response_1", "response_2", ...',
} as const satisfies Record<ImportFormat, string>;

export const importFormatSchema = z.enum(Object.keys(importFormats) as [ImportFormat, ...ImportFormat[]]);
export const listImportsInput = z.object({ projectId: id });
export const getImportInput = z.object({ projectId: id, importId: id });
export const listRejectsInput = z.object({
  projectId: id,
  importId: id,
  cursor: z.number().int().nonnegative().nullish(),
  limit: z.number().int().min(1).max(200).default(50),
});

export type ImportSummary = {
  importId: string;
  fileName: string;
  format: ImportFormat;
  status: 'queued' | 'running' | 'done' | 'failed';
  /** of the file's bytes; null until read to the end */
  sha256: string | null;
  /** read = accepted + duplicates + all rejected */
  read: number;
  accepted: number;
  duplicates: number;
  /** count by reason */
  rejected: Record<string, number>;
  error: string | null;
  createdAt: number;
  finishedAt: number | null;
};
export type ImportReject = {
  id: number;
  lineNumber: number;
  reason: string;
  detail: string;
  /** the row as it came, cut at 4 KiB */
  raw: string;
};
