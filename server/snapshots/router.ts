import { projectProcedure, router } from '../trpc.ts';
import { checkExport, checkSnapshot, snapshotSources } from './check-folders.ts';
import { createSnapshot } from './create.ts';
import { exportSnapshot } from './export.ts';
import { judgmentsOfSnapshot, snapshotsOfJudgment } from './lineage.ts';
import { getSnapshot, listExports, listSnapshots } from './list.ts';
import { listExportFiles } from './open-export-file.ts';
import {
  createSnapshotInput,
  exportFilesInput,
  exportSnapshotInput,
  getSnapshotInput,
  listExportsInput,
  listSnapshotsInput,
  snapshotJudgmentsInput,
  snapshotsOfJudgmentInput,
} from './schemas.ts';

export const snapshotsRouter = router({
  create: projectProcedure('snapshots.create', 'snapshot')
    .input(createSnapshotInput)
    .mutation(createSnapshot),
  list: projectProcedure('data.read', 'read').input(listSnapshotsInput).query(listSnapshots),
  get: projectProcedure('data.read', 'read').input(getSnapshotInput).query(getSnapshot),
  sources: projectProcedure('data.read', 'read').input(listSnapshotsInput).query(snapshotSources),
  check: projectProcedure('data.read', 'heavy').input(getSnapshotInput).mutation(checkSnapshot),
  checkExport: projectProcedure('snapshots.export', 'heavy').input(exportFilesInput).mutation(checkExport),
  export: projectProcedure('snapshots.export', 'heavy').input(exportSnapshotInput).mutation(exportSnapshot),
  exports: projectProcedure('data.read', 'read').input(listExportsInput).query(listExports),
  exportFiles: projectProcedure('snapshots.export', 'read').input(exportFilesInput).query(listExportFiles),
  judgments: projectProcedure('judgments.read', 'read')
    .input(snapshotJudgmentsInput)
    .query(judgmentsOfSnapshot),
  ofJudgment: projectProcedure('judgments.read', 'read')
    .input(snapshotsOfJudgmentInput)
    .query(snapshotsOfJudgment),
});
