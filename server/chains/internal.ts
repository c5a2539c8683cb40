import { and, asc, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { chainExecutions, chainSteps } from '../../db/schema/chains.ts';
import type { Ctx } from '../context.ts';
import { DomainError } from '../errors.ts';
import { type ChainStep, type Source, stepSchema } from './schemas.ts';

export type Execution = typeof chainExecutions.$inferSelect;
/** Where an execution stands at one of its steps. */
export type StepState = typeof chainSteps.$inferSelect;

export function getExecutionInProject(
  ctx: Pick<Ctx, 'db'>,
  { projectId, executionId }: { projectId: string; executionId: string },
): Execution {
  const row = ctx.db
    .select()
    .from(chainExecutions)
    .where(and(eq(chainExecutions.id, executionId), eq(chainExecutions.projectId, projectId)))
    .get();
  if (!row) throw new DomainError('not-found', `No execution ${executionId} of a chain in this project.`);
  return row;
}

/** The steps of a stored chain. Configs are checked when they are used: a recipe may have learned new options since. */
export function storedSteps(steps: unknown): ChainStep[] {
  return z.array(stepSchema).parse(steps);
}

/** States of all steps of an execution, in order. */
export function stepStatesOf(db: Db, executionId: string): StepState[] {
  return db
    .select()
    .from(chainSteps)
    .where(eq(chainSteps.executionId, executionId))
    .orderBy(asc(chainSteps.position))
    .all();
}

/** The execution of a schedule that has neither ended nor been given up. */
export function executionUnderWay(db: Db, scheduleId: string): Execution | undefined {
  return db
    .select()
    .from(chainExecutions)
    .where(
      and(eq(chainExecutions.scheduleId, scheduleId), inArray(chainExecutions.status, ['running', 'paused'])),
    )
    .get();
}

/** Id of the checkpoint or snapshot that a source stands for in an execution. Throws `invalid` when there is none. */
export function resolveSource(
  source: Source,
  { execution, states }: { execution: Execution; states: readonly StepState[] },
): string {
  switch (source.from) {
    case 'checkpoint':
      return source.checkpointId;
    case 'snapshot':
      return source.snapshotId;
    case 'model': {
      const checkpointId = execution.checkpointOfModel[source.modelId];
      if (checkpointId === undefined)
        throw new DomainError('invalid', `Model ${source.modelId} had no checkpoint when the chain began.`);
      return checkpointId;
    }
    case 'step': {
      const state = states.find(({ key }) => key === source.step);
      const left = state?.checkpointId ?? state?.snapshotId;
      if (left == null) throw new DomainError('invalid', `Step "${source.step}" has left nothing.`);
      return left;
    }
  }
}
