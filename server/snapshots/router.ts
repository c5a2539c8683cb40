import { projectProcedure, router } from '../trpc.ts';
import { checkExport, checkSnapshot, snapshotSources } from './check-folders.ts';
import { compareSnapshots } from './compare.ts';
import { judgmentsOfSnapshot, snapshotsOfJudgment } from './lineage.ts';
import { getSnapshot, listExports, listSnapshots } from './list.ts';
import { listMaking } from './making.ts';
import { listExportFiles } from './open-export-file.ts';
import { previewSnapshot } from './preview.ts';
import { requestExport, requestSnapshot } from './request.ts';
import {
  compareSnapshotsInput,
  createSnapshotInput,
  exportFilesInput,
  exportSnapshotInput,
  getSnapshotInput,
  listExportsInput,
  listSnapshotsInput,
  previewSnapshotInput,
  snapshotJudgmentsInput,
  snapshotsOfJudgmentInput,
} from './schemas.ts';

export const snapshotsRouter = router({
  create: projectProcedure('snapshots.create', 'snapshot')
    .input(createSnapshotInput)
    .mutation(requestSnapshot),
  preview: projectProcedure('snapshots.create', 'read').input(previewSnapshotInput).query(previewSnapshot),
  making: projectProcedure('data.read', 'read').input(listSnapshotsInput).query(listMaking),
  compare: projectProcedure('data.read', 'read').input(compareSnapshotsInput).query(compareSnapshots),
  list: projectProcedure('data.read', 'read').input(listSnapshotsInput).query(listSnapshots),
  get: projectProcedure('data.read', 'read').input(getSnapshotInput).query(getSnapshot),
  sources: projectProcedure('data.read', 'read').input(listSnapshotsInput).query(snapshotSources),
  check: projectProcedure('data.read', 'heavy').input(getSnapshotInput).mutation(checkSnapshot),
  checkExport: projectProcedure('snapshots.export', 'heavy').input(exportFilesInput).mutation(checkExport),
  export: projectProcedure('snapshots.export', 'heavy').input(exportSnapshotInput).mutation(requestExport),
  exports: projectProcedure('data.read', 'read').input(listExportsInput).query(listExports),
  exportFiles: projectProcedure('snapshots.export', 'read').input(exportFilesInput).query(listExportFiles),
  judgments: projectProcedure('judgments.read', 'read')
    .input(snapshotJudgmentsInput)
    .query(judgmentsOfSnapshot),
  ofJudgment: projectProcedure('judgments.read', 'read')
    .input(snapshotsOfJudgmentInput)
    .query(snapshotsOfJudgment),
});
