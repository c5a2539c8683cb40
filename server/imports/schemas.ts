import { z } from 'zod';
import { IMPORT_FORMATS, type ImportFormat } from '../../lib/import-formats.ts';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);

export const importFormatSchema = z.enum(IMPORT_FORMATS);
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
