import { Cron } from 'croner';
import { desc, eq } from 'drizzle-orm';
import { schedules } from '../../db/schema/jobs.ts';
import { models } from '../../db/schema/models.ts';
import { runs } from '../../db/schema/runs.ts';
import { type Ctx, requirePermission } from '../context.ts';
import { countJudgments } from './internal.ts';

/** Schedules of a project with how near each is to firing and its last runs. */
export function listSchedules({ ctx, input }: { ctx: Ctx; input: { projectId: string } }) {
  requirePermission(ctx, input.projectId, 'runs.read');
  const numJudgments = countJudgments(ctx.db, input.projectId);
  return ctx.db
    .select()
    .from(schedules)
    .where(eq(schedules.projectId, input.projectId))
    .orderBy(desc(schedules.id))
    .all()
    .map((schedule) => ({
      ...schedule,
      modelName:
        ctx.db.select({ name: models.name }).from(models).where(eq(models.id, schedule.chain.modelId)).get()
          ?.name ?? null,
      newJudgments: numJudgments - schedule.lastCount,
      /** UTC ms of the next time by cron */
      nextAt:
        schedule.cron === null || !schedule.enabled
          ? null
          : (new Cron(schedule.cron, { paused: true, timezone: 'UTC' })
              .nextRun(new Date(schedule.lastFiredAt ?? schedule.createdAt))
              ?.getTime() ?? null),
      runs: ctx.db
        .select({
          id: runs.id,
          name: runs.name,
          recipe: runs.recipe,
          status: runs.status,
          createdAt: runs.createdAt,
        })
        .from(runs)
        .where(eq(runs.scheduleId, schedule.id))
        .orderBy(desc(runs.id))
        .limit(6)
        .all(),
    }));
}
