import { z } from 'zod';
import { inputText, inputValues } from '../../lib/well-formed.ts';

const id = inputText().min(1).max(64);
const config = inputValues().default({});

export const createScheduleInput = z
  .strictObject({
    projectId: id,
    name: inputText().trim().min(1).max(120),
    trigger: z.enum(['judgments', 'cron']),
    /** for 'judgments': how many new ones */
    everyJudgments: z.number().int().min(1).max(1_000_000).nullable().default(null),
    /** for 'cron': five fields, UTC */
    cron: inputText().trim().max(100).nullable().default(null),
    modelId: id,
    rewardConfig: config,
    ppoConfig: config,
  })
  .refine((input) => (input.trigger === 'judgments') === (input.everyJudgments !== null), {
    path: ['everyJudgments'],
    error: 'expected a number of judgments for this trigger, and for no other',
  })
  .refine((input) => (input.trigger === 'cron') === (input.cron !== null), {
    path: ['cron'],
    error: 'expected a cron expression for this trigger, and for no other',
  });
export type CreateScheduleInput = z.output<typeof createScheduleInput>;

export const oneScheduleInput = z.object({ projectId: id, scheduleId: id });
export const toggleScheduleInput = oneScheduleInput.extend({ enabled: z.boolean() });
