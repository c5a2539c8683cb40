import { projectProcedure, router } from '../trpc.ts';
import { getJudgment } from './get.ts';
import { getOwnJudgmentDetail } from './get-mine.ts';
import { listJudgments } from './list.ts';
import { listOwnJudgments } from './mine.ts';
import { getPerson } from './person.ts';
import { recordJudgment } from './record.ts';
import { reviseJudgment } from './revise.ts';
import {
  getJudgmentInput,
  getMineInput,
  listJudgmentsInput,
  mineInput,
  personInput,
  recordInput,
  reviseInput,
} from './schemas.ts';

export const judgmentsRouter = router({
  record: projectProcedure('tasks.label').input(recordInput).mutation(recordJudgment),
  revise: projectProcedure('tasks.label').input(reviseInput).mutation(reviseJudgment),
  list: projectProcedure('judgments.read').input(listJudgmentsInput).query(listJudgments),
  get: projectProcedure('judgments.read').input(getJudgmentInput).query(getJudgment),
  person: projectProcedure('judgments.read').input(personInput).query(getPerson),
  mine: projectProcedure('judgments.read-own').input(mineInput).query(listOwnJudgments),
  getMine: projectProcedure('judgments.read-own').input(getMineInput).query(getOwnJudgmentDetail),
});
