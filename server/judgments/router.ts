import { projectProcedure, router } from '../trpc.ts';
import { getOwnJudgmentDetail } from './get-mine.ts';
import { listOwnJudgments } from './mine.ts';
import { recordJudgment } from './record.ts';
import { reviseJudgment } from './revise.ts';
import { getMineInput, mineInput, recordInput, reviseInput } from './schemas.ts';

export const judgmentsRouter = router({
  record: projectProcedure('tasks.label').input(recordInput).mutation(recordJudgment),
  revise: projectProcedure('tasks.label').input(reviseInput).mutation(reviseJudgment),
  mine: projectProcedure('judgments.read-own').input(mineInput).query(listOwnJudgments),
  getMine: projectProcedure('judgments.read-own').input(getMineInput).query(getOwnJudgmentDetail),
});
