import { z } from 'zod';
// types only: this file is also read by pages
import type { SnapshotCounts } from '../../db/schema/snapshots.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../lib/export-formats.ts';
import {
  type SnapshotQuery,
  snapshotConditions,
  type snapshotQuerySchema,
} from '../../lib/snapshot-query.ts';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);

export const createSnapshotInput = z.strictObject({
  projectId: id,
  ...snapshotConditions,
  /** kept with the snapshot for whoever draws from it (order of batches) */
  seed: z.number().int().min(0).max(4_294_967_295).default(1),
});
export const previewSnapshotInput = z.strictObject({
  projectId: id,
  ...snapshotConditions,
  /** where an earlier call stopped */
  cursor: id.nullish(),
});
export const compareSnapshotsInput = z.object({
  projectId: id,
  snapshotId: id,
  otherId: id,
  /** where an earlier call stopped */
  cursor: id.nullish(),
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

/** A query as a snapshot keeps it: with the time up to which it goes, and nothing that was not asked. */
export function queryOf(asked: z.output<typeof snapshotQuerySchema>, now: number): SnapshotQuery {
  const { annotatorIds, ...conditions } = asked;
  const said = Object.entries(conditions).filter(([, value]) => value !== undefined);
  return {
    ...(Object.fromEntries(said) as typeof conditions),
    sources: [...new Set(asked.sources)].sort(),
    until: asked.until ?? now,
    ...(annotatorIds && { annotatorIds }),
  };
}

export type SnapshotSummary = {
  snapshotId: string;
  number: number;
  query: SnapshotQuery;
  seed: number;
  counts: SnapshotCounts;
  manifestSha256: string;
  /** 'filling': it can be trained on and exported, but its list of judgments is still being written */
  status: 'filling' | 'whole';
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
