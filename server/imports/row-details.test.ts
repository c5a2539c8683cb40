import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, describe, expect, it } from 'vitest';
import type { Db } from '../../db/client.ts';
import { judgments } from '../../db/schema/judgments.ts';
import { prompts, responses } from '../../db/schema/prompts.ts';
import type { ImportFormat } from '../../lib/import-formats.ts';
import type { Finding } from '../audit/schemas.ts';
import type { Ctx } from '../context.ts';
import { createCaller } from '../root.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { getSnapshotInProject } from '../snapshots/internal.ts';
import { writeExport } from '../snapshots/write-export.ts';
import { createLabelingWorld, type LabelingWorld } from '../tasks/testing.ts';
import { collectFindings } from '../verify/findings.ts';
import { verifyContents } from '../verify/verify-contents.ts';
import { verifyDatabase } from '../verify/verify-data-folder.ts';
import { importFile } from './import-file.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-details-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let serial = 0;

const asSystem = (world: LabelingWorld): Ctx => ({
  ...world.as(world.userIds.owner),
  actor: { type: 'system' },
  dataFolder: path.join(folder, `data-${serial}`),
});

function importRows(ctx: Ctx, projectId: string, rows: unknown[], format: ImportFormat = 'trl-preference') {
  serial += 1;
  const file = path.join(folder, `${serial}.jsonl`);
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  return importFile({ ctx, input: { projectSlug: projectId.replace('_', '-'), file, format } });
}

const JUDGED = {
  id: 'row-7',
  prompt: 'Sky?',
  chosen: 'blue',
  rejected: 'green',
  chosen_model: 'model-one',
  rejected_model: 'model-two',
  chosen_sampling: { temperature: 0.7 },
  annotator: 'rater 12',
  submitted_at: '2025-03-04T05:06:07.000Z',
  strength: 2,
  rationale: 'it is',
  split: 'test',
  tags: ['colour', 'easy'],
  category: 'science',
  difficulty: 3,
};

async function firstFinding(db: Db): Promise<Finding | null> {
  const findings = collectFindings();
  await verifyContents(db, findings, { isCovered: true });
  return findings.list[0] ?? null;
}

describe('what comes with a row', () => {
  it('keeps prompts of one split_group on one side, whatever their words', async () => {
    const world = createLabelingWorld();
    const groups = Array.from({ length: 12 }, (_, i) => `question ${i}`);
    const rows = groups.flatMap((group) =>
      ['What is', 'Tell me', 'Say'].map((wording) => ({
        prompt: `${wording} ${group}?`,
        split_group: group,
      })),
    );
    await importRows(asSystem(world), world.projectId, rows, 'prompts');
    const sides = new Map(groups.map((group) => [group, new Set<string>()]));
    for (const { split, metadata } of world.db.select().from(prompts).all())
      sides.get(String(metadata.split_group))?.add(split);
    expect([...sides.values()].map((side) => side.size)).toEqual(groups.map(() => 1));
    expect(new Set([...sides.values()].flatMap((side) => [...side]))).toEqual(new Set(['train', 'heldout']));
  });

  it('is kept with prompt, responses and judgment, vouched for, and found by tag, column and file', async () => {
    const world = createLabelingWorld();
    const { db, projectId } = world;
    const { importId } = await importRows(asSystem(world), projectId, [
      JUDGED,
      { prompt: 'Sea?', chosen: 'wet', rejected: 'dry' },
    ]);
    const prompt = db.select().from(prompts).where(eq(prompts.externalId, 'row-7')).get();
    expect(prompt).toMatchObject({
      tags: ['colour', 'easy'],
      metadata: { category: 'science', difficulty: 3 },
    });
    const models = db.select().from(responses).all();
    expect(models.map(({ content, model }) => [content, model])).toContainEqual(['blue', 'model-one']);
    expect(models.find(({ model }) => model === 'model-one')?.sampling).toEqual({ temperature: 0.7 });
    const rows = db.select().from(judgments).all();
    expect(rows.map(({ given }) => given === null)).toContain(true);
    const judged = rows.find(({ given }) => given !== null);
    expect(judged).toMatchObject({
      rationale: 'it is',
      submittedAt: Date.UTC(2025, 2, 4, 5, 6, 7),
      given: { externalId: 'row-7', annotator: 'rater 12', split: 'heldout', metadata: { difficulty: 3 } },
    });
    expect(Math.abs(judged?.strength ?? 0)).toBe(2);

    const caller = createCaller(world.as(world.userIds.auditor));
    const found = async (input: object) =>
      (await caller.prompts.list({ projectId, ...input })).items.map(({ excerpt }) => excerpt);
    expect(await found({ tag: 'colour' })).toEqual(['Sky?']);
    expect(await found({ tag: 'colou' })).toEqual([]);
    expect(await found({ metadata: { key: 'difficulty', value: '3' } })).toEqual(['Sky?']);
    expect(await found({ metadata: { key: 'category', value: 'art' } })).toEqual([]);
    expect(await found({ search: 'row-7' })).toEqual(['Sky?']);
    expect(await found({ importId })).toHaveLength(2);
    expect(await found({ importId: 'imp_other' })).toEqual([]);
    const detail = await caller.prompts.get({ projectId, promptId: prompt?.id ?? '' });
    expect(detail).toMatchObject({ externalId: 'row-7', tags: ['colour', 'easy'] });
    expect(detail.responses.map(({ model }) => model).sort()).toEqual(['model-one', 'model-two']);

    expect(await firstFinding(db)).toBeNull();
    db.$client.exec(`UPDATE prompts SET metadata = replace(metadata, 'science', 'silence')`);
    expect((await firstFinding(db))?.problem).toMatch(/metadata do not have their hash/);
    db.$client.exec(`UPDATE prompts SET metadata = replace(metadata, 'silence', 'science')`);
    db.$client.exec(`UPDATE responses SET model = 'model-two' WHERE model = 'model-one'`);
    expect((await firstFinding(db))?.problem).toMatch(/model or sampling/);
    db.$client.exec(`UPDATE responses SET model = 'model-one' WHERE content = 'blue'`);
    db.$client.exec(`UPDATE judgments SET given = replace(given, 'rater 12', 'rater 13')`);
    const { findings } = await verifyDatabase(db);
    expect(findings.map(({ where }) => where)).toContain(`judgments ${judged?.id}`);
  });

  it('is told apart by person: two who agree are two votes, the same one twice is one', async () => {
    const world = createLabelingWorld();
    const both = [JUDGED, { ...JUDGED, annotator: 'rater 13', rationale: 'quite' }];
    const first = await importRows(asSystem(world), world.projectId, both);
    expect(first).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(await importRows(asSystem(world), world.projectId, both)).toMatchObject({
      accepted: 0,
      duplicates: 2,
    });
  });

  it('is added to a prompt that is here already, once', async () => {
    const world = createLabelingWorld();
    const { db, projectId } = world;
    const say = (row: object) =>
      importRows(asSystem(world), projectId, [{ prompt: 'Sky?', ...row }], 'prompts');
    expect(await say({})).toMatchObject({ accepted: 1 });
    expect(await say({ id: 'a', tags: ['x'], level: 1 })).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(await say({ id: 'b', tags: ['y'], level: 2 })).toMatchObject({ accepted: 1 });
    expect(await say({ id: 'b', tags: ['y'], level: 2 })).toMatchObject({ accepted: 0, duplicates: 1 });
    const row = db.select().from(prompts).get();
    expect(row).toMatchObject({ externalId: 'a', tags: ['x', 'y'], metadata: { level: 1 } });
    expect(await firstFinding(db)).toBeNull();
  });

  it('has a bound, which names the column', async () => {
    const world = createLabelingWorld();
    const rows = [
      { ...JUDGED, source_text: 'x'.repeat(70_000) },
      { ...JUDGED, prompt: 'Other?' },
    ];
    const summary = await importRows(asSystem(world), world.projectId, rows);
    expect(summary).toMatchObject({ accepted: 1, rejected: { 'details-too-large': 1 } });
    const caller = createCaller(world.as(world.userIds.researcher));
    const { projectId } = world;
    const { items } = await caller.imports.rejects({ projectId, importId: summary.importId, limit: 10 });
    expect(items[0]?.detail).toMatch(/the widest is "source_text"/);
  });

  it('a time to come does not keep a judgment out of a snapshot', async () => {
    const world = createLabelingWorld();
    const ctx = asSystem(world);
    await importRows(ctx, world.projectId, [{ ...JUDGED, submitted_at: '2099-01-01T00:00:00.000Z' }]);
    const { counts } = await createSnapshot({ ctx, input: { projectId: world.projectId } });
    expect(counts).toMatchObject({ kept: 1, dropped: {} });
  });

  it('goes out again with raw, TRL and CSV', async () => {
    const world = createLabelingWorld();
    const ctx = asSystem(world);
    const { projectId } = world;
    await importRows(ctx, projectId, [JUDGED]);
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
    const written = async (format: 'raw' | 'trl' | 'csv' | 'trl-unpaired') => {
      const out = path.join(folder, `out-${format}-${serial}`);
      const { files } = await writeExport(ctx, snapshot, { format, folder: out });
      return files
        .filter((name) => /\.(jsonl|csv)$/.test(name))
        .map((name) => readFileSync(path.join(out, name), 'utf8'))
        .join('');
    };
    expect(JSON.parse(await written('trl'))).toEqual({
      prompt: 'Sky?',
      chosen: 'blue',
      rejected: 'green',
      margin: 2 / 3,
      external_id: 'row-7',
      tags: '["colour","easy"]',
      metadata: '{"category":"science","difficulty":3}',
      annotator: 'rater 12',
      submitted_at: '2025-03-04T05:06:07.000Z',
      strength: '2',
      rationale: 'it is',
      chosen_model: 'model-one',
      chosen_sampling: '{"temperature":0.7}',
      rejected_model: 'model-two',
    });
    const raw = JSON.parse(await written('raw')) as { annotator_pseudonym: string; given: unknown };
    expect(raw).toMatchObject({
      annotator_pseudonym: 'rater 12',
      given: { split: 'heldout', tags: ['colour', 'easy'] },
    });
    for (const format of ['csv', 'trl-unpaired'] as const) {
      const text = await written(format);
      for (const word of ['row-7', 'science', 'rater 12', 'model-one']) expect(text).toContain(word);
    }
  });

  it('never reaches an annotator', async () => {
    const world = createLabelingWorld();
    const { projectId } = world;
    const secret = 'secret-of-the-file';
    await importRows(
      asSystem(world),
      projectId,
      [
        {
          id: secret,
          prompt: 'Sky?',
          responses: [
            { text: 'blue', model: secret, sampling: { name: secret } },
            { text: 'green', model: `${secret}-2` },
          ],
          tags: [secret],
          origin: secret,
        },
      ],
      'prompts',
    );
    const stored = JSON.stringify([
      world.db.select().from(prompts).all(),
      world.db.select().from(responses).all(),
    ]);
    expect(stored).toContain(secret);
    const annotator = createCaller(world.as(world.userIds.annotator));
    const { task } = await annotator.tasks.claim({ projectId });
    expect(task?.responses.map(({ content }) => content).sort()).toEqual(['blue', 'green']);
    expect(JSON.stringify(task)).not.toContain('secret');
    const promptId = world.db.select().from(prompts).get()?.id ?? '';
    await expect(annotator.prompts.get({ projectId, promptId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(annotator.prompts.list({ projectId, tag: secret })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});
