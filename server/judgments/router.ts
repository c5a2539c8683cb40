import { projectProcedure, router } from '../trpc.ts';
import { getOwnJudgmentDetail } from './get-mine.ts';
import { listOwnJudgments } from './mine.ts';
import { recordJudgment } from './record.ts';
import { reviseJudgment } from './revise.ts';
import { getMineInput, mineInput, recordInput, reviseInput } from './schemas.ts';

export const judgmentsRouter = router({
  record: projectProcedure('tasks.label', 'label').input(recordInput).mutation(recordJudgment),
  revise: projectProcedure('tasks.label', 'label').input(reviseInput).mutation(reviseJudgment),
  mine: projectProcedure('judgments.read-own', 'label').input(mineInput).query(listOwnJudgments),
  getMine: projectProcedure('judgments.read-own', 'label').input(getMineInput).query(getOwnJudgmentDetail),
});
