import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eq } from 'drizzle-orm';
import { evidenceOf } from '../../db/audit/evidence.ts';
import { keySql } from '../../db/audit/row-digest.ts';
import { projects } from '../../db/schema/projects.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { forgetSalts } from '../erasures/forget-salts.ts';
import { checkpointFolder } from '../models/internal.ts';
import { sweepWeights } from '../models/weights-store.ts';
import { writeWhenUnlocked } from '../storage/write-lock.ts';

/** Rows of one transaction, and the pause after it, in which others write. */
const BATCH = 200;
const PAUSE_MS = 10;

/** Every table with rows of a project, what refers to others first, and how its rows are found by the project. */
export const DELETED_TABLES: readonly { table: string; where: string }[] = [
  { table: 'exports', where: 'snapshot_id in (select id from snapshots where project_id = @id)' },
  { table: 'snapshot_judgments', where: 'snapshot_id in (select id from snapshots where project_id = @id)' },
  { table: 'snapshots', where: 'project_id = @id' },
  { table: 'run_metrics', where: 'run_id in (select id from runs where project_id = @id)' },
  { table: 'run_samples', where: 'run_id in (select id from runs where project_id = @id)' },
  { table: 'run_events', where: 'run_id in (select id from runs where project_id = @id)' },
  { table: 'runs', where: 'project_id = @id' },
  { table: 'chain_steps', where: 'execution_id in (select id from chain_executions where project_id = @id)' },
  { table: 'chain_executions', where: 'project_id = @id' },
  { table: 'schedules', where: 'project_id = @id' },
  { table: 'judgments', where: 'project_id = @id' },
  { table: 'skips', where: 'task_id in (select id from tasks where project_id = @id)' },
  { table: 'seats', where: 'project_id = @id' },
  { table: 'task_responses', where: 'task_id in (select id from tasks where project_id = @id)' },
  { table: 'tasks', where: 'project_id = @id' },
  { table: 'responses', where: 'prompt_id in (select id from prompts where project_id = @id)' },
  { table: 'prompts', where: 'project_id = @id' },
  { table: 'import_rejects', where: 'import_id in (select id from imports where project_id = @id)' },
  { table: 'imports', where: 'project_id = @id' },
  { table: 'checkpoints', where: 'model_id in (select id from models where project_id = @id)' },
  { table: 'models', where: 'project_id = @id' },
  { table: 'registrations', where: 'project_id = @id' },
  { table: 'guidelines', where: 'project_id = @id' },
  { table: 'invites', where: 'project_id = @id' },
  { table: 'withdrawals', where: 'project_id = @id' },
  { table: 'memberships', where: 'project_id = @id' },
];

/**
 * Deletes an archived project whose time has come: its files, then its rows, a few hundred at a time, each batch with its record; the row
 * of the project stays, without name and description, for the records that name it. Weights that another project has too stay there.
 * Does nothing for a project that was brought back meanwhile. Killed on the way it goes on where it was.
 */
export async function deleteArchived({
  ctx,
  input,
}: {
  ctx: Ctx;
  input: { projectId: string };
}): Promise<void> {
  const { projectId } = input;
  const isNamed = eq(projects.id, projectId);
  const isBegun = await writeWhenUnlocked(ctx.db, () => {
    const project = ctx.db.select().from(projects).where(isNamed).get();
    if (!project || project.deleteAt === null || project.deleteAt > ctx.now()) return false;
    // from here on there is no way back
    if (project.deletedAt === null) {
      const gone = { slug: `deleted-${projectId}`, name: '(deleted)', description: '', deletedAt: ctx.now() };
      ctx.db.update(projects).set(gone).where(isNamed).run();
      const payload = { archivedAt: project.archivedAt };
      appendAudit(ctx, { action: 'projects.delete', subject: projectId, projectId, payload });
      forgetSalts(ctx.db, [{ table: 'projects', key: projectId }]);
    }
    return true;
  });
  if (!isBegun) return;
  const client = ctx.db.$client;
  for (const folder of foldersOf(ctx, projectId)) rmSync(folder, { recursive: true, force: true });
  sweepWeights(ctx.dataFolder);
  for (const { table, where } of DELETED_TABLES) {
    const key = keySql(evidenceOf(table), 't');
    const page = client.prepare(
      `select t.rowid as id, ${key} as key from "${table}" t where ${where} limit ${BATCH}`,
    );
    const remove = client.prepare(`delete from "${table}" where rowid = ?`);
    for (;;) {
      const rows = page.all({ id: projectId }) as { id: number; key: string }[];
      if (rows.length === 0) break;
      await writeWhenUnlocked(ctx.db, () => {
        for (const { id } of rows) remove.run(id);
        const payload = { table, rows: rows.length };
        appendAudit(ctx, { action: 'projects.deleteRows', subject: projectId, projectId, payload });
        forgetSalts(
          ctx.db,
          rows.map(({ key }) => ({ table, key })),
        );
      });
      await sleep(PAUSE_MS);
    }
  }
  // triggers have counted them down to nothing
  const forgetCounts = client.prepare('delete from counts where project_id = ?');
  await writeWhenUnlocked(ctx.db, () => forgetCounts.run(projectId));
}

/** Folders that rows of the project name, and that nobody else does. */
function foldersOf({ db, dataFolder }: Ctx, projectId: string): string[] {
  const list = (sql: string) => db.$client.prepare(sql).pluck().all({ id: projectId }) as string[];
  const below = (name: string) => path.join(dataFolder, name);
  return [
    ...list('select folder from snapshots where project_id = @id').map(below),
    ...list(
      'select e.folder from exports e join snapshots s on s.id = e.snapshot_id where s.project_id = @id',
    ).map(below),
    ...list('select id from imports where project_id = @id').map((id) => below(path.join('imports', id))),
    ...list('select c.folder from checkpoints c join models m on m.id = c.model_id where m.project_id = @id')
      .filter((folder) => !folder.startsWith('bundled:'))
      .map((folder) => checkpointFolder(dataFolder, folder)),
    ...list('select folder from runs where project_id = @id').map(below),
  ];
}
