import { z } from 'zod';
import { EXPORT_FORMATS } from '../../lib/export-formats.ts';
import { snapshotConditions } from '../../lib/snapshot-query.ts';

/**
 * What the worker can be asked to do: kind, payload, lane. Light on purpose: whoever enqueues imports this file, only the
 * worker loads the handlers. Each lane runs one job at a time: training owns the machine ('device'), short work runs beside it
 * ('light'), and so does what reads the whole database for minutes and writes nothing ('check').
 */
export const jobDefinitions = {
  /** reads an uploaded file into a project */
  import: { lane: 'light', maxAttempts: 3, payload: z.object({ importId: z.string() }) },
  /** gathers the files of a model that is being added, and checks all that can be without its weights */
  'stage-model': { lane: 'light', maxAttempts: 3, payload: z.object({ registrationId: z.string() }) },
  /** reads the weights of a gathered model, tries it out and registers it */
  'register-model': { lane: 'device', maxAttempts: 3, payload: z.object({ registrationId: z.string() }) },
  /** runs a recipe, resumed from its last checkpoint when it was interrupted */
  train: { lane: 'device', maxAttempts: 5, payload: z.object({ runId: z.string() }) },
  /** writes responses of a checkpoint to prompts, and tasks from them */
  generate: {
    lane: 'device',
    maxAttempts: 3,
    payload: z.object({
      projectId: z.string(),
      checkpointIds: z.array(z.string()).min(1).max(9),
      promptIds: z.array(z.string()).min(1),
      responsesPerPrompt: z.number().int().min(1).max(9),
      temperature: z.number().min(0).max(5),
      maxNewTokens: z.number().int().min(1).max(1024),
      seed: z.number().int().min(0).max(4294967295),
      createTasks: z.boolean(),
      requestedBy: z.string(),
    }),
  },
  /** lets language models answer one prompt, and reward models score answers to it: somebody looks, and nothing is kept as data */
  ask: {
    lane: 'device',
    maxAttempts: 2,
    payload: z.object({
      projectId: z.string(),
      requestedBy: z.string(),
      prompt: z.string(),
      answer: z.string().nullable(),
      modelIds: z.array(z.string()).max(4),
      rewardIds: z.array(z.string()).max(2),
      temperature: z.number().min(0).max(5),
      maxNewTokens: z.number().int().min(1).max(256),
      seed: z.number().int().min(0).max(4294967295),
    }),
  },
  /** freezes the judgments that a query keeps: for a chain, or because there are too many to do it while somebody waits */
  snapshot: {
    lane: 'light',
    maxAttempts: 3,
    payload: z.object({
      projectId: z.string(),
      ...snapshotConditions,
      seed: z.number().int().min(0).max(4294967295).optional(),
      /** a snapshot whose query, seed and time are taken instead */
      like: z.string().nullable().default(null),
      /** null: the chain that the step belongs to */
      requestedBy: z.string().nullable().default(null),
    }),
  },
  /** writes the list of judgments of a large snapshot behind it */
  'fill-snapshot': {
    lane: 'light',
    maxAttempts: 3,
    payload: z.object({ projectId: z.string(), snapshotId: z.string() }),
  },
  /** writes a large snapshot in a format */
  export: {
    lane: 'light',
    maxAttempts: 3,
    payload: z.object({
      projectId: z.string(),
      snapshotId: z.string(),
      format: z.enum(EXPORT_FORMATS),
      requestedBy: z.string(),
    }),
  },
  /** measures a checkpoint on held-out data */
  evaluate: {
    lane: 'device',
    maxAttempts: 3,
    payload: z.object({
      projectId: z.string(),
      evaluation: z.discriminatedUnion('measure', [
        z.object({
          measure: z.literal('accuracy'),
          rewardCheckpointId: z.string(),
          baselineCheckpointId: z.string().nullable().default(null),
          snapshotId: z.string(),
        }),
        z.object({
          measure: z.literal('score'),
          rewardCheckpointId: z.string(),
          checkpointId: z.string(),
          baselineCheckpointId: z.string().nullable(),
          temperature: z.number().min(0).max(5),
          maxNewTokens: z.number().int().min(1).max(1024),
          seed: z.number().int().min(0).max(4294967295),
        }),
      ]),
    }),
  },
  /** makes tasks of the prompts of a project, a batch at a time */
  'make-tasks': {
    lane: 'light',
    maxAttempts: 3,
    payload: z.object({
      projectId: z.string(),
      /** null: all there are */
      promptIds: z.array(z.string()).nullable(),
      arrange: z.enum(['together', 'pairs']),
      overlap: z.number().int().min(1).max(50),
      priority: z.number().int(),
      requestedBy: z.string(),
    }),
  },
  /** checks the database against the audit log */
  verify: { lane: 'check', maxAttempts: 3, payload: z.object({ requestedBy: z.string() }) },
  /** deletes an archived project whose waiting time is over */
  'delete-project': { lane: 'light', maxAttempts: 20, payload: z.object({ projectId: z.string() }) },
  /** removes every trace of a text or a person that somebody asked to be erased */
  erase: { lane: 'light', maxAttempts: 20, payload: z.object({ erasureId: z.string() }) },
  /** backs the installation up */
  backup: { lane: 'light', maxAttempts: 3, payload: z.object({ keep: z.number().int().min(1) }) },
  /** measures this machine once, for the expected time on the page that starts runs */
  benchmark: { lane: 'device', maxAttempts: 1, payload: z.object({}) },
} as const satisfies Record<
  string,
  { lane: 'device' | 'light' | 'check'; maxAttempts: number; payload: z.ZodType<unknown> }
>;

export type JobKind = keyof typeof jobDefinitions;
export type JobPayload<K extends JobKind> = z.output<(typeof jobDefinitions)[K]['payload']>;
export type JobLane = (typeof jobDefinitions)[JobKind]['lane'];

export function jobKindsOf(lane: JobLane): JobKind[] {
  return (Object.keys(jobDefinitions) as JobKind[]).filter((kind) => jobDefinitions[kind].lane === lane);
}
