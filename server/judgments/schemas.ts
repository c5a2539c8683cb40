import { z } from 'zod';
// types only: this file is also read by pages
import type { INPUT_KINDS, JUDGMENT_SOURCES, TIE_KINDS } from '../../db/schema/judgments.ts';
import { RESPONSE_FLAGS } from '../../lib/response-flags.ts';
import { inputText } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);

export type TieKind = (typeof TIE_KINDS)[number];
export type InputKind = (typeof INPUT_KINDS)[number];
export type JudgmentSource = (typeof JUDGMENT_SOURCES)[number];

// the lists again as values, because pages must not load the tables; each entry is checked against them by type
const tieKinds = ['none', 'equal', 'both_good', 'both_bad'] as const satisfies readonly TieKind[];
const inputKinds = ['keyboard', 'pointer', 'touch', 'mixed', 'api'] as const satisfies readonly InputKind[];

/** What an annotator says of a task. check-answer.ts holds it against the task. */
export const answerSchema = z.object({
  /** groups of response ids, best first; one group = tie; [] only with notRankable */
  ranking: z.array(z.array(id).min(1).max(9)).max(9),
  /** pairs: -3..3 as seen in shown order, negative = first shown is better; null where not asked */
  strength: z.number().int().min(-3).max(3).nullable(),
  tieKind: z.enum(tieKinds),
  notRankable: z.boolean(),
  /** flags by response id */
  flags: z.record(id, z.array(z.enum(RESPONSE_FLAGS)).max(RESPONSE_FLAGS.length)),
  rationale: inputText().max(10_000),
  /** UTC ms by the annotator's clock */
  firstInteractionAt: z.number().int().nonnegative().nullable(),
  activeMs: z.number().int().min(0).max(86_400_000),
  inputKind: z.enum(inputKinds),
});
const idempotencyKey = inputText().min(8).max(128);

export const recordInput = answerSchema.extend({
  projectId: id,
  seatId: id,
  leaseToken: inputText().min(1).max(128),
  idempotencyKey,
});
export const reviseInput = answerSchema.extend({ projectId: id, judgmentId: id, idempotencyKey });
export const mineInput = z.object({
  projectId: id,
  cursor: id.nullish(),
  limit: z.number().int().min(1).max(100).default(20),
});
/** By any revision of the judgment, or by the task it is of: a page that was refused an answer knows only that. */
export const getMineInput = z.union([
  z.strictObject({ projectId: id, judgmentId: id }),
  z.strictObject({ projectId: id, taskId: id }),
]);

export const listJudgmentsInput = z.object({
  projectId: id,
  /** only those of this person */
  userId: id.nullish(),
  cursor: id.nullish(),
  limit: z.number().int().min(1).max(100).default(50),
});
export const getJudgmentInput = z.object({ projectId: id, judgmentId: id });
export const personInput = z.object({ projectId: id, userId: id });

export type ListJudgmentsInput = z.infer<typeof listJudgmentsInput>;
export type GetJudgmentInput = z.infer<typeof getJudgmentInput>;
export type PersonInput = z.infer<typeof personInput>;
export type Answer = z.infer<typeof answerSchema>;
export type RecordInput = z.infer<typeof recordInput>;
export type ReviseInput = z.infer<typeof reviseInput>;
export type MineInput = z.infer<typeof mineInput>;
export type GetMineInput = z.infer<typeof getMineInput>;

export type Receipt = {
  judgmentId: string;
  revision: number;
  /** UTC ms */
  submittedAt: number;
};
/** One of the annotator's own judgments, latest revision. */
export type OwnJudgment = {
  judgmentId: string;
  taskId: string;
  revision: number;
  submittedAt: number;
  /** the last message of the prompt, cut */
  promptExcerpt: string;
  /** the ranking by shown number (1 = first shown), best first */
  placing: number[][];
  strength: number | null;
  tieKind: TieKind;
  notRankable: boolean;
  hasRationale: boolean;
};
/** A judgment in a list for researchers and auditors. */
export type JudgmentSummary = OwnJudgment & {
  source: JudgmentSource;
  /** null user: imported, with the name that the file gives */
  person: { userId: string | null; label: string };
  isLatest: boolean;
};
/** Everything needed to show and change an own judgment. */
export type OwnJudgmentDetail = Receipt &
  Omit<Answer, 'firstInteractionAt' | 'activeMs' | 'inputKind'> & {
    taskId: string;
    guidelineVersion: number;
    prompt: { role: 'system' | 'user' | 'assistant'; content: string }[];
    /** in the order shown then */
    responses: { id: string; content: string }[];
    askStrength: boolean;
    requireRationale: boolean;
  };
