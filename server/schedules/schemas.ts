import { z } from 'zod';
import { inputText } from '../../lib/well-formed.ts';
import { chainSchema } from '../chains/schemas.ts';

const id = inputText().min(1).max(64);

const fields = {
  name: inputText().trim().min(1).max(120),
  trigger: z.enum(['judgments', 'cron']),
  /** for 'judgments': how many new ones */
  everyJudgments: z.number().int().min(1).max(1_000_000).nullable().default(null),
  /** for 'cron': five fields, UTC */
  cron: inputText().trim().max(100).nullable().default(null),
  steps: chainSchema,
};
type Trigger = { trigger: 'judgments' | 'cron'; everyJudgments: number | null; cron: string | null };

const hasNumber = (input: Trigger) => (input.trigger === 'judgments') === (input.everyJudgments !== null);
const numberExpected = {
  path: ['everyJudgments'],
  error: 'expected a number of judgments for this trigger, and for no other',
};
const hasCron = (input: Trigger) => (input.trigger === 'cron') === (input.cron !== null);
const cronExpected = {
  path: ['cron'],
  error: 'expected a cron expression for this trigger, and for no other',
};

export const createScheduleInput = z
  .strictObject({ projectId: id, ...fields })
  .refine(hasNumber, numberExpected)
  .refine(hasCron, cronExpected);
export type CreateScheduleInput = z.output<typeof createScheduleInput>;

export const updateScheduleInput = z
  .strictObject({ projectId: id, scheduleId: id, ...fields })
  .refine(hasNumber, numberExpected)
  .refine(hasCron, cronExpected);
export type UpdateScheduleInput = z.output<typeof updateScheduleInput>;

export const oneScheduleInput = z.object({ projectId: id, scheduleId: id });
export const toggleScheduleInput = oneScheduleInput.extend({ enabled: z.boolean() });
