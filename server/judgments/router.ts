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
  record: projectProcedure('tasks.label', 'label').input(recordInput).mutation(recordJudgment),
  revise: projectProcedure('tasks.label', 'label').input(reviseInput).mutation(reviseJudgment),
  mine: projectProcedure('judgments.read-own', 'label').input(mineInput).query(listOwnJudgments),
  getMine: projectProcedure('judgments.read-own', 'label').input(getMineInput).query(getOwnJudgmentDetail),
  list: projectProcedure('judgments.read', 'read').input(listJudgmentsInput).query(listJudgments),
  get: projectProcedure('judgments.read', 'read').input(getJudgmentInput).query(getJudgment),
  person: projectProcedure('judgments.read', 'read').input(personInput).query(getPerson),
});
