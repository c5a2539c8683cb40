import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, describe, expect, it } from 'vitest';
import { judgments } from '../../db/schema/judgments.ts';
import { projects } from '../../db/schema/projects.ts';
import { prompts } from '../../db/schema/prompts.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../lib/export-formats.ts';
import type { Ctx } from '../context.ts';
import { importFile } from '../imports/import-file.ts';
import { recordJudgment } from '../judgments/record.ts';
import type { Answer } from '../judgments/schemas.ts';
import { ensureProject } from '../projects/ensure.ts';
import { unpairedExamplesOf } from '../runs/training-data.ts';
import { claimTask } from '../tasks/claim.ts';
import { createLabelingWorld, type LabelingWorld } from '../tasks/testing.ts';
import { verifyDatabase } from '../verify/verify-data-folder.ts';
import { createSnapshot } from './create.ts';
import { exportFormats } from './formats/formats.ts';
import { getSnapshotInProject } from './internal.ts';
import { writeExport } from './write-export.ts';

const root = mkdtempSync(path.join(tmpdir(), 'plumbline-home-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let serial = 0;

type Say = (ids: string[]) => Partial<Answer>;
const inOrder = (ids: string[]) => ids.map((id) => [id]);

/** Answers the next task; `say` gets the responses in the order of their texts. */
function judge(world: LabelingWorld, userId: string, say: Say) {
  const ctx = world.as(userId);
  const { task } = claimTask({ ctx, input: { projectId: world.projectId } });
  if (!task) throw new Error('expected a task');
  serial += 1;
  const ids = [...task.responses].sort((a, b) => (a.content < b.content ? -1 : 1)).map(({ id }) => id);
  const isFirstBetter = ids[0] === task.responses[0]?.id;
  const answer = {
    ranking: inOrder(ids),
    strength: ids.length === 2 ? (isFirstBetter ? -2 : 2) : null,
    tieKind: 'none' as const,
    notRankable: false,
    flags: {},
    rationale: '',
    firstInteractionAt: 5,
    activeMs: 1234,
    inputKind: 'keyboard' as const,
    ...say(ids),
  };
  const { projectId } = world;
  const { seatId, leaseToken } = task;
  recordJudgment({
    ctx,
    input: { projectId, seatId, leaseToken, idempotencyKey: `home-${serial}-key`, ...answer },
  });
  world.advance(1000);
}

/** Own votes of every kind, and imported ones; every prompt has a vote that prefers something. */
async function createWorld() {
  serial += 1;
  const world = createLabelingWorld();
  const { annotator } = world.userIds;
  const other = world.addAnnotator();
  const says: [size: number, first: Say, second: Say][] = [
    [2, () => ({ rationale: 'a "reason", with\nlines' }), () => ({})],
    [2, (ids) => ({ ranking: [ids], strength: 0, tieKind: 'both_bad' }), () => ({})],
    [4, ([a = '', b = '', c = '', d = '']) => ({ ranking: [[b], [a, c], [d]] }), () => ({})],
    [
      2,
      ([a = '', b = '']) => ({ ranking: [[b], [a]], strength: null, flags: { [b]: ['harmful'] } }),
      () => ({ rationale: 'short' }),
    ],
    [3, (ids) => ({ ranking: [ids], tieKind: 'equal' }), () => ({})],
  ];
  for (const [numResponses, first, second] of says) {
    world.addTask({ numResponses, overlap: 2 });
    judge(world, annotator, first);
    judge(world, other, second);
  }
  const dataFolder = path.join(root, `data-${serial}`);
  const ctx: Ctx = { ...world.as(annotator), actor: { type: 'system' }, dataFolder };
  const slug = world.projectId.replace('_', '-');
  const file = path.join(root, `rows-${serial}.jsonl`);
  const turns = ['Hi', 'Hello', 'Say "a,b"'].map((content, i) => ({
    role: i % 2 === 0 ? 'user' : 'assistant',
    content,
  }));
  const side = (content: string) => [{ role: 'assistant', content }];
  const pair = { prompt: turns, chosen: side('a,b'), rejected: side('no') };
  const rows = [
    { ...pair, margin: 0.25, annotator: 'x', strength: 3, tags: ['t'], level: 2, chosen_model: 'm' },
    { ...pair, annotator: 'y', rationale: 'fine', submitted_at: '2025-01-02T03:04:05.000Z' },
  ];
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  await importFile({ ctx, input: { projectSlug: slug, file, format: 'trl-preference' } });
  return { ...world, ctx, slug };
}

async function exportAs(ctx: Ctx, projectId: string, format: ExportFormat) {
  const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
  const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
  serial += 1;
  const folder = path.join(root, `${format}-${serial}`);
  const written = await writeExport(ctx, snapshot, { format, folder });
  const files = exportFormats[format].files.map(({ name }) => path.join(folder, name));
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean));
  return { ...written, snapshot, paths: files, lines };
}

async function importInto(ctx: Ctx, slug: string, files: string[], format: ExportFormat) {
  const { readAs } = exportFormats[format];
  const sum = { read: 0, accepted: 0, duplicates: 0 };
  for (const file of files) {
    const done = await importFile({ ctx, input: { projectSlug: slug, file, format: readAs } });
    expect([format, done.rejected]).toEqual([format, {}]);
    sum.read += done.read;
    sum.accepted += done.accepted;
    sum.duplicates += done.duplicates;
  }
  return sum;
}

/** Another project with the same share of held-out prompts. */
function openProject(ctx: Ctx, slug: string, like: string) {
  const settings = ctx.db.select().from(projects).where(eq(projects.id, like)).get()?.settings;
  const { projectId } = ensureProject({ ctx, input: { slug } });
  ctx.db.update(projects).set({ settings }).where(eq(projects.id, projectId)).run();
}

function promptsOf(ctx: Ctx, slug: string) {
  const project = ctx.db.select().from(projects).where(eq(projects.slug, slug)).get();
  const found = ctx.db
    .select()
    .from(prompts)
    .where(eq(prompts.projectId, project?.id ?? ''))
    .all();
  const sides = found.map(({ contentHash, split }) => `${contentHash} ${split}`).sort();
  return { projectId: project?.id ?? '', sides };
}

/** What a raw row says, without the ids and hashes of its installation. */
function withoutIds(line: string) {
  const row = JSON.parse(line);
  const texts = new Map(
    row.responses.map((r: { response_id: string; text: string }) => [r.response_id, r.text]),
  );
  const named = (ids: string[]) => ids.map((id) => texts.get(id));
  const { annotator_pseudonym, strength, tie_kind, not_rankable, margin, rationale, mode, prompt, split } =
    row;
  return JSON.stringify({
    ...{
      annotator_pseudonym,
      strength: Math.abs(strength),
      tie_kind,
      not_rankable,
      margin,
      rationale,
      mode,
      prompt,
    },
    split,
    ranking: row.ranking.map((group: string[]) => named(group).sort()),
    flags: Object.entries(row.flags).map(([id, flags]) => [texts.get(id), flags]),
    models: row.responses.map((r: { text: string; model: string | null }) => [r.text, r.model]).sort(),
    tags: row.prompt_tags,
    metadata: row.prompt_metadata,
    ...(row.source === 'annotator' && { shown: named(row.shown_order), at: row.submitted_at }),
  });
}

describe("an export of people's own votes", () => {
  it.each(EXPORT_FORMATS)(
    '%s: says nothing new at home, and the same prompts on the same sides elsewhere',
    async (format) => {
      const world = await createWorld();
      const { ctx, slug, projectId } = world;
      const { rows, paths, lines } = await exportAs(ctx, projectId, format);
      expect(rows).toBeGreaterThan(5);
      const before = ctx.db.select().from(judgments).all().length;
      const home = await importInto(ctx, slug, paths, format);
      expect({ format, ...home }).toEqual({ format, read: rows, accepted: 0, duplicates: rows });
      expect(ctx.db.select().from(judgments).all()).toHaveLength(before);

      openProject(ctx, 'elsewhere', projectId);
      const first = await importInto(ctx, 'elsewhere', paths, format);
      expect(first.accepted).toBeGreaterThan(5);
      const fresh = promptsOf(ctx, 'elsewhere');
      expect([format, fresh.sides]).toEqual([format, promptsOf(ctx, slug).sides]);
      expect(await importInto(ctx, 'elsewhere', paths, format)).toMatchObject({ accepted: 0 });

      // what came is said again: the same texts, labels, verdicts
      const again = await exportAs(ctx, fresh.projectId, format);
      if (format === 'raw') {
        expect(first.accepted).toBe(rows);
        expect(again.lines.map(withoutIds).sort()).toEqual(
          lines
            .map((line) => withoutIds(line))
            .map((line) => line.replace(/,"shown".*/, '}'))
            .sort(),
        );
      } else if (format !== 'csv') {
        const texts = (line: string) => {
          const { prompt, chosen, rejected, completion, label } = JSON.parse(line);
          return JSON.stringify([prompt, chosen, rejected, completion, label]);
        };
        expect(new Set(again.lines.map(texts))).toEqual(new Set(lines.map(texts)));
      }
      expect((await verifyDatabase(ctx.db)).broken).toBeNull();
    },
    60_000,
  );

  it('as labelled answers feeds KTO with the same labels', async () => {
    const { ctx, projectId } = await createWorld();
    const { snapshot, paths } = await exportAs(ctx, projectId, 'trl-unpaired');
    openProject(ctx, 'labels', projectId);
    await importInto(ctx, 'labels', paths, 'trl-unpaired');
    const fresh = await exportAs(ctx, promptsOf(ctx, 'labels').projectId, 'raw');
    const said = (examples: Awaited<ReturnType<typeof unpairedExamplesOf>>) =>
      new Set(
        examples.map(({ prompt, completion, isDesirable, split }) =>
          JSON.stringify([prompt, completion, isDesirable, split]),
        ),
      );
    const labels = said(await unpairedExamplesOf(ctx, snapshot));
    expect(labels.size).toBeGreaterThan(8);
    expect(said(await unpairedExamplesOf(ctx, fresh.snapshot))).toEqual(labels);
    expect(fresh.lines.map((line) => JSON.parse(line).mode)).toContain('single');
  }, 60_000);
});
