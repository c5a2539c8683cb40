/**
 * npm run export -- --project <slug> --format <format> --out <folder> [--snapshot <n> | --query <JSON or file>]
 *   [--data <folder>] [--json]
 *
 * Writes a snapshot of a project in a format that trainers read, with manifest and dataset card. Without --snapshot the
 * judgments of now that the query keeps (all of them without one; docs/formats.md has the language) are frozen into a new snapshot
 * first, or the latest one is used when it answers the same query and nothing has been judged since.
 * The same snapshot gives the same bytes; npm run verify -- <folder> checks them.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { and, desc, eq } from 'drizzle-orm';
import type { z } from 'zod';
import { projects } from '../../db/schema/projects.ts';
import { snapshots } from '../../db/schema/snapshots.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../lib/export-formats.ts';
import { snapshotQuerySchema } from '../../lib/snapshot-query.ts';
import { appendAudit } from '../audit/append.ts';
import type { Ctx } from '../context.ts';
import { readEnv } from '../env.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { fillSnapshot } from '../snapshots/fill.ts';
import { getSnapshotInProject, type Snapshot } from '../snapshots/internal.ts';
import { isUpToDate } from '../snapshots/is-up-to-date.ts';
import { queryOf } from '../snapshots/schemas.ts';
import { writeExport } from '../snapshots/write-export.ts';
import { openExisting } from './open-existing.ts';
import { readOptions, UsageError } from './options.ts';
import { startProgressBar } from './progress-bar.ts';
import { runCommand } from './run-command.ts';

await runCommand('export', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    project: { type: 'string', required: true, expected: 'slug of a project' },
    format: { type: 'string', required: true, expected: EXPORT_FORMATS.join('|'), oneOf: EXPORT_FORMATS },
    out: { type: 'string', required: true, expected: 'folder to write' },
    snapshot: { type: 'string', expected: 'number of a snapshot' },
    query: { type: 'string', expected: 'JSON of a query, or a file that holds it' },
    data: { type: 'string', expected: 'data folder' },
    json: { type: 'boolean', expected: '' },
  });
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}": expected options only`);
  const ctx = openExisting(options.data ?? readEnv().PLUMBLINE_DATA);
  const snapshot = await chooseSnapshot(ctx, options.project ?? '', options);
  const format = options.format as ExportFormat;
  const out = path.resolve(options.out ?? '');
  let bar: ReturnType<typeof startProgressBar> | undefined;
  const written = await writeExport(ctx, snapshot, {
    format,
    folder: out,
    onProgress: (done, total) => {
      bar ??= startProgressBar('export', total);
      bar.update(done, `${done} judgments`);
    },
  }).finally(() => bar?.stop());
  const { rows, notExported, files, manifestSha256 } = written;
  ctx.db.transaction(
    () => {
      appendAudit(ctx, {
        action: 'snapshots.export',
        subject: snapshot.id,
        projectId: snapshot.projectId,
        payload: { snapshotId: snapshot.id, format, rows, manifestSha256 },
      });
    },
    { behavior: 'immediate' },
  );
  if (options.json) {
    const result = { snapshot: snapshot.number, format, rows, notExported, files, manifestSha256, out };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    process.stdout.write(
      `Snapshot ${snapshot.number} as ${format}: ${rows.toLocaleString('en')} rows in ${out}\n`,
    );
    for (const [reason, n] of Object.entries(notExported)) {
      process.stdout.write(`  not in this format, ${reason}: ${n.toLocaleString('en')}\n`);
    }
    process.stdout.write(`manifest.json has sha256 ${manifestSha256}\n`);
  }
  return 0;
});

async function chooseSnapshot(
  ctx: Ctx,
  slug: string,
  { snapshot: numberText, query: queryText }: Record<string, string | undefined>,
): Promise<Snapshot> {
  const project = ctx.db.select({ id: projects.id }).from(projects).where(eq(projects.slug, slug)).get();
  if (!project) throw new UsageError(`--project "${slug}": no such project in this data folder`);
  if (numberText !== undefined && queryText !== undefined)
    throw new UsageError('--query and --snapshot: expected one of them; a snapshot has its query already');
  const ofProject = eq(snapshots.projectId, project.id);
  const numbered = ctx.db.select().from(snapshots);
  if (numberText !== undefined) {
    const wanted = numbered.where(and(ofProject, eq(snapshots.number, Number(numberText)))).get();
    if (wanted) return wanted;
    throw new UsageError(`--snapshot "${numberText}": project "${slug}" has no snapshot of this number`);
  }
  const query = readQuery(queryText ?? '{}');
  const latest = numbered.where(ofProject).orderBy(desc(snapshots.number)).limit(1).get();
  if (latest && query.until === undefined && isUpToDate(ctx, latest, queryOf(query, ctx.now())))
    return latest;
  const { snapshotId } = await createSnapshot({ ctx, input: { projectId: project.id, ...query } });
  await fillSnapshot({ ctx, input: { projectId: project.id, snapshotId } });
  return getSnapshotInProject(ctx, { projectId: project.id, snapshotId });
}

function readQuery(text: string): z.output<typeof snapshotQuerySchema> {
  let value: unknown;
  try {
    value = JSON.parse(text.trimStart().startsWith('{') ? text : readFileSync(text, 'utf8'));
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(
      `--query "${text.slice(0, 80)}": expected JSON, or a file that holds it: ${problem}`,
    );
  }
  const parsed = snapshotQuerySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    ({ path: at, message }) => `${at.join('.') || 'the query'}: ${message}`,
  );
  throw new UsageError(`--query: ${issues.join('; ')}`);
}
