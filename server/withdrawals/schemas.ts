import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);

export const withdrawInput = z.object({
  projectId: id,
  userId: id,
  /** stays in the audit log for good: no names */
  reason: inputText().trim().min(3, 'expected a reason of three characters or more').max(500),
  /** also makes the tainted snapshots anew and fits the runs on them again */
  refit: z.boolean(),
});
export const takeBackInput = z.object({ projectId: id, withdrawalId: id });
export const taintedInput = z.object({ projectId: id, userId: id });
export type WithdrawInput = z.infer<typeof withdrawInput>;

/** A model that judgments of somebody went into. */
export type TaintedModel = {
  checkpointId: string;
  modelName: string;
  kind: 'language-model' | 'reward-model';
  step: number;
  runId: string | null;
  /** 1: trained on one of the snapshots; each further one goes on from, or was scored by, one before */
  generation: number;
};
