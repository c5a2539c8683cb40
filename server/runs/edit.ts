import { eq } from 'drizzle-orm';
import { runs } from '../../db/schema/runs.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { getRunFor, type Run } from './internal.ts';
import type { EditRunInput } from './schemas.ts';

/**
 * What people write beside a run: name, notes, tags; what is left out stays. The audit record says which of them changed; what they
 * say has its digest there. Writes nothing where nothing changes.
 */
export function editRun({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: EditRunInput;
}): Pick<Run, 'name' | 'notes' | 'tags'> {
  return ctx.db.transaction(
    () => {
      const run = getRunFor(ctx, input.runId, 'runs.start');
      const before = { name: run.name, notes: run.notes, tags: run.tags };
      const after = {
        name: input.name ?? run.name,
        notes: input.notes === undefined ? run.notes : input.notes || null,
        tags: input.tags === undefined ? run.tags : input.tags.length > 0 ? input.tags : null,
      };
      const changed = (Object.keys(before) as (keyof typeof before)[]).filter(
        (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
      );
      if (changed.length === 0) return after;
      ctx.db.update(runs).set(after).where(eq(runs.id, run.id)).run();
      appendAudit(ctx, {
        action: 'runs.edit',
        subject: run.id,
        projectId: run.projectId,
        payload: { changed },
      });
      return after;
    },
    { behavior: 'immediate' },
  );
}
