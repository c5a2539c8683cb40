import type { ExportFormat } from '../../lib/export-formats.ts';
import type { Ctx } from '../context.ts';
import { codeVersion } from './code-version.ts';
import { datasetCard } from './dataset-card.ts';
import { FolderWriter } from './folder-writer.ts';
import { exportFormats } from './formats/formats.ts';
import { openSnapshot, type Snapshot } from './internal.ts';

export type WrittenExport = {
  rows: number;
  notExported: Record<string, number>;
  files: string[];
  manifestSha256: string;
};

/**
 * Writes a snapshot in a format into a folder (new, empty, or holding an earlier export). A pure function of the snapshot's
 * files and this code: the same bytes each time. Nothing is held but one judgment. Throws when the snapshot was altered.
 */
export async function writeExport(
  ctx: Pick<Ctx, 'dataFolder'>,
  snapshot: Snapshot,
  {
    format,
    folder,
    onProgress,
  }: { format: ExportFormat; folder: string; onProgress?: (judgments: number, total: number) => void },
): Promise<WrittenExport> {
  const { manifest, rows, lines, leftOutLines } = await openSnapshot(ctx, snapshot);
  const { files, render, passes } = exportFormats[format];
  const writer = new FolderWriter(folder);
  try {
    for (const { name } of files) writer.addFile(name);
    let numRows = 0;
    const notExported: Record<string, number> = {};
    const total = manifest.counts.judgments;
    let numRead = 0;
    const counted = async function* <Entry>(source: AsyncIterable<Entry>) {
      for await (const entry of source) {
        numRead += 1;
        if (numRead % 200 === 0) onProgress?.(Math.floor(numRead / passes), total);
        yield entry;
      }
    };
    const source = { lines: () => counted(lines()), leftOutLines };
    for await (const piece of render(() => counted(rows()), source)) {
      if ('leftOut' in piece) {
        notExported[piece.leftOut] = (notExported[piece.leftOut] ?? 0) + 1;
        continue;
      }
      if ('line' in piece) writer.addRow(piece.file, piece.line);
      else writer.addBytes(piece.file, piece.bytes);
      numRows += piece.rows;
    }
    const counts = { ...manifest.counts, rows: numRows, not_exported: notExported };
    const names = files.map((file) => file.name);
    const { number, createdAt } = snapshot;
    writer.addRow('README.md', datasetCard({ format, number, counts, createdAt }));
    const { plumbline: _plumbline, self_sha256: _self, files: _files, ...fields } = manifest;
    const manifestSha256 = writer.finish({
      ...fields,
      kind: 'export',
      format,
      snapshot_manifest_sha256: snapshot.manifestSha256,
      code_version: codeVersion(),
      counts,
    });
    return {
      rows: numRows,
      notExported,
      files: [...names, 'README.md', 'rows.sha256', 'manifest.json'],
      manifestSha256,
    };
  } finally {
    writer.abandon();
  }
}
