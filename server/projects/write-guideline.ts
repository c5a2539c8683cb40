import { createHash } from 'node:crypto';
import { desc, eq } from 'drizzle-orm';
import { guidelines } from '../../db/schema/projects.ts';
import { appendAudit } from '../audit/append.ts';
import { type Ctx, requirePermission, requireUser } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { Guideline } from './list-guidelines.ts';
import type { WriteGuidelineInput } from './schemas.ts';

/** Adds a version; older ones stay, because judgments refer to them. Throws `conflict` when `basedOn` is not the newest. */
export function writeGuideline({ ctx, input }: { ctx: Ctx; input: WriteGuidelineInput }): Guideline {
  const { projectId, text, basedOn } = input;
  const createdBy = requireUser(ctx);
  requirePermission(ctx, projectId, 'guidelines.write');
  return ctx.db.transaction(
    () => {
      const newest = ctx.db
        .select({ version: guidelines.version })
        .from(guidelines)
        .where(eq(guidelines.projectId, projectId))
        .orderBy(desc(guidelines.version))
        .get();
      const current = newest?.version ?? 0;
      if (basedOn !== current) {
        throw new DomainError(
          'conflict',
          `Version ${current} was written while you edited version ${basedOn}. Copy your text, reload, and merge.`,
        );
      }
      const row = { projectId, version: current + 1, text, createdBy, createdAt: ctx.now() };
      ctx.db.insert(guidelines).values(row).run();
      appendAudit(ctx, {
        action: 'projects.writeGuideline',
        subject: projectId,
        projectId,
        payload: { version: row.version, sha256: createHash('sha256').update(text).digest('hex') },
      });
      return { version: row.version, text, createdAt: row.createdAt };
    },
    { behavior: 'immediate' },
  );
}
