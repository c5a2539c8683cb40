import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);

/** Live leases of one person in one project: the task on the screen and ten ahead, for a train through a tunnel. */
export const MAX_LIVE_LEASES = 11;
/** Seats that a page may name as its own: those leased, and those of answers that wait to be sent. */
export const MAX_HOLDING = 64;
/** Open tasks are counted up to here; this many means "at least this many". */
export const MAX_COUNTED_OPEN = 500;
export const leaseTokenSchema = inputText().min(1).max(128);

export const claimInput = z.object({
  projectId: id,
  /**
   * Seats that the page already works on. Live leases not named here (a reloaded page forgot them) are handed back before
   * anything new; without this field they are handed back only when no further lease is allowed.
   */
  holding: z.array(id).max(MAX_HOLDING).optional(),
});
export const leaseInput = z.object({ projectId: id, seatId: id, leaseToken: leaseTokenSchema });
export const releaseAllInput = z.object({
  projectId: id,
  leases: z.array(z.object({ seatId: id, leaseToken: leaseTokenSchema })).max(MAX_LIVE_LEASES),
});
export const skipInput = leaseInput.extend({ reason: inputText().trim().max(1000).default('') });
export const reclaimInput = z.object({ projectId: id, seatId: id });
export const createTaskInput = z.object({
  projectId: id,
  promptId: id,
  responseIds: z.array(id).min(2).max(9),
  overlap: z.number().int().min(1).max(50).optional(),
  priority: z.number().int().min(-1000).max(1000).optional(),
  kind: z.enum(['normal', 'gold', 'repeat', 'calibration']).optional(),
});
export const createFromPromptsInput = z.object({
  projectId: id,
  /** all prompts of the project when not given */
  promptIds: z.array(id).max(10_000).optional(),
  /** 'together': one task with all responses of a prompt (2-9); 'pairs': one task for each pair of them */
  arrange: z.enum(['together', 'pairs']).default('together'),
  overlap: z.number().int().min(1).max(50).optional(),
  priority: z.number().int().min(-1000).max(1000).optional(),
});
export const listTasksInput = z.object({
  projectId: id,
  cursor: id.nullish(),
  limit: z.number().int().min(1).max(200).default(50),
});
export const getTaskInput = z.object({ projectId: id, taskId: id });
export const statsInput = z.object({ projectId: id });
export const progressInput = z.object({ projectId: id });

export type ClaimInput = z.input<typeof claimInput>;
export type LeaseInput = z.infer<typeof leaseInput>;
export type ReleaseAllInput = z.infer<typeof releaseAllInput>;
export type SkipInput = z.infer<typeof skipInput>;
export type ReclaimInput = z.infer<typeof reclaimInput>;
export type CreateTaskInput = z.infer<typeof createTaskInput>;
export type CreateFromPromptsInput = z.input<typeof createFromPromptsInput>;
export type GetTaskInput = z.infer<typeof getTaskInput>;
export type ListTasksInput = z.infer<typeof listTasksInput>;

/** How far the making of tasks out of a project's prompts is, or how it ended. */
export type Making = {
  jobId: string;
  isOpen: boolean;
  isDone: boolean;
  /** prompts */
  done: number;
  total: number;
  created: number;
  existing: number;
  tooFewResponses: number;
  error: string | null;
};

/** A claimed task as the annotator's page gets it: nothing here tells who or what wrote a response. */
export type ClaimedTask = {
  taskId: string;
  seatId: string;
  leaseToken: string;
  /** UTC ms */
  leasedAt: number;
  leaseExpiresAt: number;
  guidelineVersion: number;
  prompt: { role: 'system' | 'user' | 'assistant'; content: string }[];
  /** in the order to show */
  responses: { id: string; content: string }[];
  askStrength: boolean;
  requireRationale: boolean;
  /** how many responses there are to place */
  numPlaces: number;
};
export type Progress = {
  /** tasks this person has judged here */
  mine: number;
  /** tasks that wait and that this person may still judge; counted up to MAX_COUNTED_OPEN, which then means "at least" */
  openForMe: number;
};
/**
 * Why nothing can be claimed: `no-tasks` = the project asks nobody anything so far; `held` = others hold what is left,
 * and it may come back; `all-judged` = no seat that this person may take is left.
 */
export type NothingOpen = 'no-tasks' | 'held' | 'all-judged';
export type Claim =
  | { task: ClaimedTask; nothingOpen: null; progress: Progress }
  | { task: null; nothingOpen: NothingOpen; progress: Progress };
