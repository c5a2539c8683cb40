/**
 * npm run erase -- --project <slug> --prompt|--response <id> --reason "..." [--dry-run] [--data <folder>] [--json]
 * npm run erase -- --person <id> --reason "..." [--project <slug>] [--dry-run] [--data <folder>] [--json]
 *
 * Erases a prompt with its responses, one response, or a person, as the pages do: rows, salts, snapshots and exports that held it, kept
 * uploads, quotes, logs. The worker does it where one is at work, else this command. --dry-run says what would go, and changes nothing.
 * The reason stays in the audit log for good. With --project a person has to be of that project. Backups are left to you (docs/operating.md).
 */
import { and, eq } from 'drizzle-orm';
import { memberships, projects } from '../../db/schema/projects.ts';
import type { Ctx } from '../context.ts';
import { readEnv } from '../env.ts';
import { carryOutHere } from '../erasures/carry-out-here.ts';
import { erasePerson } from '../erasures/erase-person.ts';
import { eraseText } from '../erasures/erase-text.ts';
import { type ErasurePreview, previewErasure } from '../erasures/preview.ts';
import { erasePersonInput, eraseTextInput } from '../erasures/schemas.ts';
import { openExisting } from './open-existing.ts';
import { readOptions, UsageError } from './options.ts';
import { runCommand } from './run-command.ts';

const KINDS = ['person', 'prompt', 'response'] as const;

await runCommand('erase', async () => {
  const { options, positionals } = readOptions(process.argv.slice(2), {
    project: { type: 'string', expected: 'slug of a project' },
    person: { type: 'string', expected: 'id of a person' },
    prompt: { type: 'string', expected: 'id of a prompt' },
    response: { type: 'string', expected: 'id of a response' },
    reason: { type: 'string', expected: 'why; it stays in the audit log for good' },
    'dry-run': { type: 'boolean', expected: '' },
    data: { type: 'string', expected: 'data folder' },
    json: { type: 'boolean', expected: '' },
  });
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}": expected options only`);
  const [kind, ...more] = KINDS.filter((one) => options[one] !== undefined);
  if (kind === undefined || more.length > 0)
    throw new UsageError('expected one of --person <id>, --prompt <id> and --response <id>');
  const subjectId = options[kind] as string;
  const isDryRun = options['dry-run'] !== undefined;
  if (!isDryRun && options.reason === undefined)
    throw new UsageError('--reason is missing: expected why; it stays in the audit log for good');
  if (kind !== 'person' && options.project === undefined)
    throw new UsageError(`--project is missing: expected the slug of the project that the ${kind} is of`);
  const ctx = openExisting(options.data ?? readEnv().PLUMBLINE_DATA);
  const projectId = options.project === undefined ? null : findProject(ctx, options.project);
  if (kind === 'person' && projectId !== null)
    requireMember(ctx, { projectId, userId: subjectId, slug: options.project });
  if (isDryRun) {
    const input = kind === 'person' ? { kind, subjectId } : { kind, subjectId, projectId: projectId ?? '' };
    const preview = await previewErasure({ ctx, input });
    process.stdout.write(
      options.json ? `${JSON.stringify({ ok: true, dryRun: true, ...preview })}\n` : inWords(preview),
    );
    return 0;
  }
  const { erasureId } = ask(ctx, { kind, subjectId, projectId, reason: options.reason ?? '' });
  const result = await carryOutHere(ctx, {
    erasureId,
    onWait: (who) =>
      process.stderr.write(
        `erase: ${who === 'worker' ? 'the worker has it in hand' : 'no worker is at work, it is done here'}\n`,
      ),
  });
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ ok: true, dryRun: false, erasureId, kind, subjectId, ...result })}\n`,
    );
  else {
    process.stdout.write(
      `Erased ${kind} ${subjectId} (${erasureId}): ${result.judgments} judgments, ${result.snapshots} snapshots and ${result.exports} exports, ${result.files} files.\n`,
    );
    for (const file of result.leftIn) process.stdout.write(`  still in, left to you: ${file}\n`);
    process.stdout.write(
      '  backups made before hold it: make a new one, then delete those (docs/operating.md)\n',
    );
  }
  return 0;
});

function ask(
  ctx: Ctx,
  {
    kind,
    subjectId,
    projectId,
    reason,
  }: { kind: (typeof KINDS)[number]; subjectId: string; projectId: string | null; reason: string },
): { erasureId: string } {
  const parsed =
    kind === 'person'
      ? erasePersonInput.safeParse({ userId: subjectId, reason })
      : eraseTextInput.safeParse({ projectId, kind, subjectId, reason });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const option = issue?.path[0] === 'reason' ? 'reason' : kind;
    throw new UsageError(`--${option}: ${issue?.message}`);
  }
  return 'userId' in parsed.data
    ? erasePerson({ ctx, input: parsed.data })
    : eraseText({ ctx, input: parsed.data });
}

function findProject(ctx: Ctx, slug: string): string {
  const project = ctx.db.select({ id: projects.id }).from(projects).where(eq(projects.slug, slug)).get();
  if (!project) throw new UsageError(`--project "${slug}": no such project in this data folder`);
  return project.id;
}

function requireMember(
  ctx: Ctx,
  { projectId, userId, slug }: { projectId: string; userId: string; slug: string | undefined },
): void {
  const isOf = and(eq(memberships.projectId, projectId), eq(memberships.userId, userId));
  if (!ctx.db.select({ id: memberships.userId }).from(memberships).where(isOf).get())
    throw new UsageError(`--person "${userId}": nobody who is or was a member of project "${slug}"`);
}

function inWords(preview: ErasurePreview): string {
  const { kind, subjectId, snapshots, exports, removed, masked, leftIn, ...counts } = preview;
  const words: [string, number | string[]][] = [
    ...(['prompts', 'responses', 'tasks'] as const).map((name): [string, number] => [name, counts[name]]),
    ['open seats', counts.openSeats],
    ['judgments that lose their reasons and details', counts.judgments],
    ['sessions', counts.sessions],
    ['API tokens', counts.tokens],
    ['snapshots, marked and their files removed', snapshots],
    ['exports, marked and their files removed', exports],
    ['copies removed', removed],
    ['logs written over', masked],
    ['files that say it too, left to you', leftIn],
  ];
  const lines = words.flatMap(([name, value]) => {
    if (typeof value === 'number') return value === 0 ? [] : [`  ${name}: ${value.toLocaleString('en')}\n`];
    return value.length === 0 ? [] : [`  ${name}: ${value.join(', ')}\n`];
  });
  return `Nothing was changed. Erasing ${kind} ${subjectId} would take:\n${lines.join('') || '  the row itself, nothing else\n'}`;
}
