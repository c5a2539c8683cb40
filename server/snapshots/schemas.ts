import { z } from 'zod';
// types only: this file is also read by pages
import type { SnapshotCounts, SnapshotQuery } from '../../db/schema/snapshots.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../lib/export-formats.ts';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);

export const createSnapshotInput = z.object({
  projectId: id,
  sources: z
    .array(z.enum(['annotator', 'simulated', 'imported']))
    .min(1)
    .default(['annotator', 'simulated', 'imported']),
  /** only judgments submitted up to here, UTC ms; now when not given */
  until: z.number().int().nonnegative().optional(),
  annotatorIds: z.array(id).max(10_000).nullable().default(null),
  /** kept with the snapshot for whoever draws from it (order of batches) */
  seed: z.number().int().min(0).max(4_294_967_295).default(1),
});
export const listSnapshotsInput = z.object({ projectId: id });
export const getSnapshotInput = z.object({ projectId: id, snapshotId: id });
export const exportSnapshotInput = z.object({
  projectId: id,
  snapshotId: id,
  format: z.enum(EXPORT_FORMATS),
});
export const listExportsInput = z.object({ projectId: id, snapshotId: id.optional() });
export const exportFilesInput = z.object({ projectId: id, exportId: id });
export const snapshotJudgmentsInput = z.object({
  projectId: id,
  snapshotId: id,
  cursor: id.nullish(),
  limit: z.number().int().min(1).max(200).default(50),
});
export const snapshotsOfJudgmentInput = z.object({ projectId: id, judgmentId: id });

export type CreateSnapshotInput = z.input<typeof createSnapshotInput>;
export type ExportSnapshotInput = z.infer<typeof exportSnapshotInput>;

export type SnapshotSummary = {
  snapshotId: string;
  number: number;
  query: SnapshotQuery;
  seed: number;
  counts: SnapshotCounts;
  manifestSha256: string;
  createdAt: number;
  /** it held what was erased then, and is no longer served */
  erasedAt: number | null;
};
export type ExportSummary = {
  exportId: string;
  snapshotId: string;
  snapshotNumber: number;
  format: ExportFormat;
  /** below the data folder */
  folder: string;
  rows: number;
  manifestSha256: string;
  createdAt: number;
  /** with its snapshot */
  erasedAt: number | null;
};
