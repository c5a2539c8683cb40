import { projectProcedure, router } from '../trpc.ts';
import { taintedInput, takeBackInput, withdrawInput } from './schemas.ts';
import { readTainted } from './tainted.ts';
import { takeBackWithdrawal } from './take-back.ts';
import { withdrawJudgments } from './withdraw.ts';

export const withdrawalsRouter = router({
  tainted: projectProcedure('judgments.read', 'heavy').input(taintedInput).query(readTainted),
  withdraw: projectProcedure('members.update', 'heavy').input(withdrawInput).mutation(withdrawJudgments),
  takeBack: projectProcedure('members.update', 'write').input(takeBackInput).mutation(takeBackWithdrawal),
});
