import { z } from 'zod';
// types only: this file is also read by pages
import type { ExportFormat, SnapshotCounts, SnapshotQuery } from '../../db/schema/snapshots.ts';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);

/** Export formats with what a page says of them. */
export const exportFormats = {
  trl: 'TRL, standard: "prompt", "chosen", "rejected", "margin"',
  'trl-implicit': 'TRL, implicit prompt: whole transcripts in "chosen" and "rejected", "margin"',
  'trl-conversational':
    'TRL, conversational: lists of messages in "prompt", "chosen", "rejected", and "margin"',
  'hh-rlhf': 'HH-RLHF: transcripts in "chosen" and "rejected"',
  raw: 'Raw judgments: everything that was recorded, one judgment a line',
  csv: 'CSV: one comparison a row',
} as const satisfies Record<ExportFormat, string>;
export const exportFormatSchema = z.enum(Object.keys(exportFormats) as [ExportFormat, ...ExportFormat[]]);

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
export const exportSnapshotInput = z.object({ projectId: id, snapshotId: id, format: exportFormatSchema });
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
};
