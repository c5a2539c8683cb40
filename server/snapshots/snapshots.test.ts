import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { auditLog } from '../../db/schema/audit-log.ts';
import { snapshotJudgments, snapshots } from '../../db/schema/snapshots.ts';
import { users } from '../../db/schema/users.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../lib/export-formats.ts';
import { parseHhRlhfRow } from '../../lib/formats/hh-rlhf.ts';
import { transcriptOf, transcriptProblem } from '../../lib/formats/transcript.ts';
import { snapshotQuerySchema } from '../../lib/snapshot-query.ts';
import type { Ctx } from '../context.ts';
import { importFile } from '../imports/import-file.ts';
import { recordJudgment } from '../judgments/record.ts';
import { reviseJudgment } from '../judgments/revise.ts';
import type { Answer } from '../judgments/schemas.ts';
import { createCaller } from '../root.ts';
import { rankedExamplesOf } from '../runs/training-data.ts';
import { claimTask } from '../tasks/claim.ts';
import { createLabelingWorld, type LabelingWorld } from '../tasks/testing.ts';
import { createSnapshot } from './create.ts';
import { exportSnapshot } from './export.ts';
import { FolderWriter } from './folder-writer.ts';
import { getSnapshotInProject } from './internal.ts';
import { isUpToDate } from './is-up-to-date.ts';
import { judgmentsOfSnapshot, snapshotsOfJudgment } from './lineage.ts';
import { verifyFolder } from './manifest.ts';
import { listExportFiles, openExportFile } from './open-export-file.ts';
import type { RawRow } from './raw-row.ts';
import { queryOf } from './schemas.ts';
import { writeExport } from './write-export.ts';

const root = mkdtempSync(path.join(tmpdir(), 'plumbline-snapshot-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let serial = 0;

function createWorld() {
  serial += 1;
  const dataFolder = path.join(root, `data-${serial}`);
  const world = createLabelingWorld();
  const ctx: Ctx = { ...world.as(world.userIds.researcher), dataFolder };
  const { projectId } = world;
  return { ...world, ctx, dataFolder, projectId };
}

/** Claims a task and answers it; by default places follow the canonical order of responses: the first made is best. */
function judge(world: LabelingWorld, change: Partial<Answer> & { userId?: string } = {}) {
  const { userId = world.userIds.annotator, ...answer } = change;
  const { task } = claimTask({ ctx: world.as(userId), input: { projectId: world.projectId } });
  if (!task) throw new Error('expected a task');
  serial += 1;
  const best = [...task.responses].sort((a, b) => (a.content < b.content ? -1 : 1)).map(({ id }) => [id]);
  const isFirstBetter = best[0]?.[0] === task.responses[0]?.id;
  const input = {
    projectId: world.projectId,
    seatId: task.seatId,
    leaseToken: task.leaseToken,
    idempotencyKey: `snapshot-key-${serial}`,
    ranking: best,
    strength: task.numPlaces === 2 ? (isFirstBetter ? -2 : 2) : null,
    tieKind: 'none' as const,
    notRankable: false,
    flags: {},
    rationale: '',
    firstInteractionAt: null,
    activeMs: 1000,
    inputKind: 'keyboard' as const,
    ...answer,
  };
  const receipt = recordJudgment({ ctx: world.as(userId), input });
  world.advance(1);
  return { task, input, ...receipt };
}

/** One of each: a pair, a ranking with a tie in it, an all-tied pair, a refusal, a revised pair, a simulated pair, an import. */
async function createFullWorld() {
  const world = createWorld();
  world.addTask();
  judge(world);
  world.addTask({ numResponses: 4 });
  const { task: four } = claimAndKeep(world);
  const ids = [...four.responses].sort((a, b) => (a.content < b.content ? -1 : 1)).map(({ id }) => id);
  judge(world, { ranking: [[ids[0] as string], [ids[1] as string, ids[2] as string], [ids[3] as string]] });
  world.addTask();
  const { task: tied } = claimAndKeep(world);
  judge(world, { ranking: [tied.responses.map(({ id }) => id)], strength: 0, tieKind: 'both_bad' });
  world.addTask();
  judge(world, { ranking: [], strength: null, notRankable: true });
  world.addTask();
  const { judgmentId, input } = judge(world);
  const revised = reviseJudgment({
    ctx: world.as(world.userIds.annotator),
    input: {
      ...input,
      judgmentId,
      idempotencyKey: `revision-${serial}`,
      rationale: '<b>"shorter", =1+1</b>\nreally',
    },
  });
  world.advance(1);
  world.addTask();
  const robot = world.addAnnotator();
  world.db.update(users).set({ isSimulated: true }).where(eq(users.id, robot)).run();
  judge(world, { userId: robot });
  serial += 1;
  const file = path.join(root, `import-${serial}.jsonl`);
  const turns = '\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Say "a,b"\n\nAssistant:';
  writeFileSync(file, JSON.stringify({ chosen: `${turns} a,b`, rejected: `${turns} no` }));
  await importFile({
    ctx: world.ctx,
    input: { projectSlug: world.projectId.replace('_', '-'), file, format: 'hh-rlhf' },
  });
  world.advance(1);
  return { ...world, replacedId: judgmentId, revisedId: revised.judgmentId };
}

/** The task that the next judge() call will get. */
function claimAndKeep(world: LabelingWorld) {
  const claim = () =>
    claimTask({ ctx: world.as(world.userIds.annotator), input: { projectId: world.projectId, holding: [] } });
  const { task } = claim();
  if (!task) throw new Error('expected a task');
  // hand the seat back as it was: judge() must find it as the only one
  world.advance(16 * 60_000);
  return { task };
}

const lines = (folder: string, file: string): unknown[] =>
  readFileSync(path.join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

describe('createSnapshot', () => {
  it('keeps the latest revisions that can be ranked and counts what it leaves out', async () => {
    const world = await createFullWorld();
    const snapshot = await createSnapshot({ ctx: world.ctx, input: { projectId: world.projectId } });
    expect(snapshot).toMatchObject({
      number: 1,
      counts: { kept: 6, dropped: { superseded: 1, 'not-rankable': 1 } },
    });
    const members = world.db
      .select()
      .from(snapshotJudgments)
      .all()
      .map((row) => row.judgmentId);
    expect(members).toContain(world.revisedId);
    expect(members).not.toContain(world.replacedId);
    const rows = lines(
      path.join(world.dataFolder, 'snapshots', snapshot.snapshotId),
      'raw.jsonl',
    ) as RawRow[];
    expect(rows.map((row) => row.judgment_id)).toEqual(members.sort());
    const pseudonyms = rows.map((row) => row.annotator_pseudonym);
    expect(pseudonyms.filter((name) => name === null)).toHaveLength(1);
    const text = JSON.stringify(rows);
    for (const userId of Object.values(world.userIds)) expect(text).not.toContain(userId);
    expect(text).not.toContain('@example.org');
    const hashes = new Set(
      world.db
        .select()
        .from(auditLog)
        .all()
        .map((row) => row.hash),
    );
    for (const row of rows) expect(hashes.has(row.event_hash)).toBe(true);
  });

  it('filters by source, time and annotator, naming each reason', async () => {
    const world = await createFullWorld();
    const { projectId, ctx } = world;
    const people = await createSnapshot({ ctx, input: { projectId, sources: ['annotator'] } });
    expect(people.counts).toEqual({
      kept: 4,
      dropped: { superseded: 1, 'not-rankable': 1, source: 2 },
      bySource: { annotator: 4 },
    });
    const early = await createSnapshot({ ctx, input: { projectId, until: Date.UTC(2026, 0, 1) } });
    expect(early.counts).toMatchObject({ kept: 1, dropped: { 'after-until': 7 } });
    const only = await createSnapshot({ ctx, input: { projectId, annotatorIds: [world.userIds.annotator] } });
    expect(only.counts.dropped).toMatchObject({ annotator: 2 });
    expect([people.number, early.number, only.number]).toEqual([1, 2, 3]);
  });

  it('refuses an empty selection with the reasons and leaves no folder', async () => {
    const world = createWorld();
    const { projectId, ctx } = world;
    await expect(createSnapshot({ ctx, input: { projectId } })).rejects.toThrow(/no judgments yet/);
    world.addTask();
    judge(world);
    await expect(createSnapshot({ ctx, input: { projectId, sources: ['imported'] } })).rejects.toThrow(
      /1 source/,
    );
  });

  it('is out of date as soon as somebody judges or revises', async () => {
    const world = createWorld();
    const { projectId, ctx } = world;
    world.addTask();
    world.addTask();
    const { judgmentId, input } = judge(world);
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
    const asked = () => queryOf(snapshotQuerySchema.parse({}), ctx.now());
    expect(isUpToDate(ctx, snapshot, { ...asked(), split: 'train' })).toBe(false);
    expect(isUpToDate(ctx, snapshot, asked())).toBe(true);
    reviseJudgment({
      ctx: world.as(world.userIds.annotator),
      input: { ...input, judgmentId, idempotencyKey: 'made-out-of-date' },
    });
    expect(isUpToDate(ctx, snapshot, asked())).toBe(false);
  });
});

describe('exports', () => {
  async function exportAs(world: Awaited<ReturnType<typeof createFullWorld>>, format: ExportFormat) {
    const { projectId, ctx } = world;
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const exported = await exportSnapshot({ ctx, input: { projectId, snapshotId, format } });
    return { ...exported, folder: path.join(world.dataFolder, exported.folder) };
  }
  const both = (folder: string) => [...lines(folder, 'train.jsonl'), ...lines(folder, 'heldout.jsonl')];

  it('give the pairs that were judged, with margins, in every preference format', async () => {
    const world = await createFullWorld();
    const { folder, rows } = await exportAs(world, 'trl');
    const pairs = both(folder) as { prompt: string; chosen: string; rejected: string; margin: number }[];
    // pair + 5 pairs of the ranking with a tie + revised pair + simulated pair + imported pair
    expect(pairs).toHaveLength(9);
    expect(rows).toBe(9);
    for (const pair of pairs.filter((row) => row.chosen.startsWith('Answer'))) {
      expect(pair.chosen < pair.rejected).toBe(true);
    }
    expect(pairs.map((pair) => pair.margin).sort()).toEqual([0, 0, 0, 0, 0, 0, 2 / 3, 2 / 3, 2 / 3]);
    expect(pairs).toContainEqual(
      expect.objectContaining({
        prompt: '\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Say "a,b"\n\nAssistant:',
        chosen: ' a,b',
        rejected: ' no',
        margin: 0,
      }),
    );
    // what people's judgments have beside their texts, by pseudonym
    expect(pairs).toContainEqual(
      expect.objectContaining({
        annotator: 'A3',
        strength: '2',
        rationale: '<b>"shorter", =1+1</b>\nreally',
      }),
    );
    const check = await verifyFolder(folder);
    expect(check).toMatchObject({
      ok: true,
      rows: 9,
      manifest: { counts: { not_exported: { 'all-tied': 1 } } },
    });
  });

  it('give KTO one row for each response that was found good or bad', async () => {
    const world = await createFullWorld();
    const { folder, rows } = await exportAs(world, 'trl-unpaired');
    const labeled = both(folder) as { prompt: string; completion: string; label: boolean }[];
    // three pairs and an imported one, best and last of the ranking with a tie, two of the pair where both are bad
    expect([rows, labeled.length]).toEqual([12, 12]);
    expect(labeled.filter(({ label }) => label)).toHaveLength(5);
    expect(labeled).toContainEqual(
      expect.objectContaining({
        prompt: '\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Say "a,b"\n\nAssistant:',
        completion: ' a,b',
        label: true,
      }),
    );
    expect(await verifyFolder(folder)).toMatchObject({
      ok: true,
      manifest: { counts: { not_exported: { 'middle-rank': 2 } } },
    });
  });

  it('are the same bytes for the same snapshot, and are written once', async () => {
    const world = await createFullWorld();
    const { projectId, ctx } = world;
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
    for (const format of EXPORT_FORMATS) {
      const [left, right] = [path.join(root, 'left', format), path.join(root, 'right', format)];
      await writeExport(ctx, snapshot, { format, folder: left });
      await writeExport(ctx, snapshot, { format, folder: right });
      // over an earlier one of ours too
      await writeExport(ctx, snapshot, { format, folder: right });
      const names = readdirSync(left).sort();
      expect(readdirSync(right).sort()).toEqual(names);
      for (const name of names) {
        expect(readFileSync(path.join(left, name)).equals(readFileSync(path.join(right, name)))).toBe(true);
      }
    }
    const first = await exportSnapshot({ ctx, input: { projectId, snapshotId, format: 'csv' } });
    world.advance(1000);
    expect(await exportSnapshot({ ctx, input: { projectId, snapshotId, format: 'csv' } })).toEqual(first);
  });

  it('mark simulated annotators in every card and raw row', async () => {
    const world = await createFullWorld();
    for (const format of EXPORT_FORMATS) {
      const { folder } = await exportAs(world, format);
      const card = readFileSync(path.join(folder, 'README.md'), 'utf8');
      expect(card).toContain('1 of 6 judgments (source: simulated)');
      expect(card).toContain('| source: imported | 1 |');
    }
    const { folder } = await exportAs(world, 'raw');
    const sources = (lines(folder, 'raw.jsonl') as RawRow[]).map((row) => row.source);
    expect(sources.filter((source) => source === 'simulated')).toHaveLength(1);
  });

  it('never write over what is not an export', async () => {
    const world = await createFullWorld();
    const { projectId, ctx } = world;
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
    const folder = path.join(root, 'precious');
    await writeExport(ctx, snapshot, { format: 'trl', folder });
    writeFileSync(path.join(folder, 'thesis.txt'), 'years');
    await expect(writeExport(ctx, snapshot, { format: 'csv', folder })).rejects.toThrow(/thesis.txt/);
    expect(readdirSync(folder)).toContain('train.jsonl');
  });

  it('are all named in the README', () => {
    const readme = readFileSync('README.md', 'utf8');
    const line = readme.split('\n').find((text) => text.startsWith('npm run export -- ')) ?? '';
    for (const format of EXPORT_FORMATS) expect(line).toMatch(new RegExp(`[ ,]${format}(,|$| )`));
  });

  it('are for those with the right, and files are found by listed name only', async () => {
    const world = await createFullWorld();
    const { exportId } = await exportAs(world, 'trl');
    const { projectId } = world;
    const as = (userId: string): Ctx => ({ ...world.ctx, ...world.as(userId), dataFolder: world.dataFolder });
    const auditor = as(world.userIds.auditor);
    const names = listExportFiles({ ctx: auditor, input: { projectId, exportId } }).map((file) => file.name);
    expect(names.sort()).toEqual([
      'README.md',
      'heldout.jsonl',
      'manifest.json',
      'rows.sha256',
      'train.jsonl',
    ]);
    const { totalBytes } = openExportFile({
      ctx: auditor,
      input: { projectId, exportId, file: 'train.jsonl' },
    });
    expect(totalBytes).toBeGreaterThan(0);
    const outside = { projectId, exportId, file: '../../plumbline.db' };
    expect(() => openExportFile({ ctx: auditor, input: outside })).toThrow(/No file/);
    const annotator = as(world.userIds.annotator);
    expect(() => listExportFiles({ ctx: annotator, input: { projectId, exportId } })).toThrow(/may not/);
    const caller = createCaller(annotator);
    await expect(caller.snapshots.create({ projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('verifyFolder', () => {
  it('finds any changed byte of any file and names file and line', async () => {
    const world = await createFullWorld();
    const { projectId, ctx } = world;
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const snapshot = getSnapshotInProject(ctx, { projectId, snapshotId });
    for (const format of ['trl', 'raw', 'csv'] as const) {
      const folder = path.join(root, 'broken', format);
      await writeExport(ctx, snapshot, { format, folder });
      for (const name of readdirSync(folder)) {
        const file = path.join(folder, name);
        const whole = readFileSync(file);
        for (const share of [0, 0.1, 0.35, 0.6, 0.85, 0.999]) {
          if (whole.length === 0) continue;
          const at = Math.floor(share * whole.length);
          const changed = Buffer.from(whole);
          changed[at] = (changed[at] ?? 0) ^ 1;
          writeFileSync(file, changed);
          const line = whole.subarray(0, at).filter((byte) => byte === 10).length + 1;
          const hasLines = name !== 'manifest.json' && name !== 'rows.sha256';
          expect(await verifyFolder(folder)).toMatchObject({
            ok: false,
            file: name,
            line: hasLines ? line : null,
          });
        }
        writeFileSync(file, whole);
      }
      expect(await verifyFolder(folder)).toMatchObject({ ok: true });
    }
  });

  it('finds a changed byte of a file that has no lines', async () => {
    const folder = path.join(root, 'bytes');
    const writer = new FolderWriter(folder);
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
    writer.addBytes('rows.bin', bytes.subarray(0, 1000));
    const again = bytes.slice(1000);
    writer.addBytes('rows.bin', again);
    // whoever made them may use the buffer for the next ones
    again.fill(0);
    writer.finish({
      kind: 'export',
      format: 'raw',
      snapshot_id: 'snp_1',
      snapshot_manifest_sha256: null,
      project_id: 'prj_1',
      created_at: 0,
      code_version: '0',
      query: { sources: [], until: 0, annotators: null },
      seed: 1,
      counts: { judgments: 0, by_source: {}, dropped: {}, rows: 0, not_exported: {} },
      audit_head: { seq: 0, hash: '0'.repeat(64) },
    });
    const file = path.join(folder, 'rows.bin');
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(await verifyFolder(folder)).toMatchObject({ ok: true });
    writeFileSync(file, bytes.with(299_999, 7));
    expect(await verifyFolder(folder)).toMatchObject({ ok: false, file: 'rows.bin', line: null });
  });

  it('finds lines added and cut, files added and removed', async () => {
    const world = await createFullWorld();
    const { projectId, ctx } = world;
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const folder = path.join(world.dataFolder, 'snapshots', snapshotId);
    const raw = path.join(folder, 'raw.jsonl');
    const whole = readFileSync(raw);
    appendFileSync(raw, '{}\n');
    expect(await verifyFolder(folder)).toMatchObject({ ok: false, file: 'raw.jsonl', line: 7 });
    writeFileSync(raw, whole.subarray(0, whole.lastIndexOf(10, whole.length - 2) + 1));
    expect(await verifyFolder(folder)).toMatchObject({ ok: false, file: 'raw.jsonl', line: 6 });
    await expect(trainingRows(ctx, snapshotId)).rejects.toThrow(/altered: raw.jsonl, line 6/);
    writeFileSync(raw, whole);
    writeFileSync(path.join(folder, 'extra'), '');
    expect(await verifyFolder(folder)).toMatchObject({ ok: false, file: 'extra' });
    rmSync(path.join(folder, 'extra'));
    rmSync(raw);
    expect(await verifyFolder(folder)).toMatchObject({
      ok: false,
      file: 'raw.jsonl',
      message: 'the file is missing',
    });
  });
});

/** What a reward run on the snapshot trains on. */
function trainingRows(ctx: Ctx, snapshotId: string) {
  const snapshot = ctx.db.select().from(snapshots).where(eq(snapshots.id, snapshotId)).get();
  if (!snapshot) throw new Error(`no snapshot ${snapshotId}`);
  return rankedExamplesOf(ctx, snapshot);
}

describe('rankedExamplesOf', () => {
  it('gives every rankable judgment with the ranks that were said, ties included', async () => {
    const world = await createFullWorld();
    const { projectId, ctx } = world;
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const all = await trainingRows(ctx, snapshotId);
    const examples = all.filter(({ ranks }) => ranks.some((rank) => rank > 0));
    // one of the six is a tie
    expect([all.length, examples.length]).toEqual([6, 5]);
    const four = examples.find((example) => example.responses.length === 4);
    const byText = new Map(four?.responses.map((text, i) => [text, four.ranks[i]]));
    expect(Object.fromEntries(byText)).toEqual({
      'Answer 0': 0,
      'Answer 1': 1,
      'Answer 2': 1,
      'Answer 3': 2,
    });
    const pairs = examples.filter((example) => example.responses.length === 2);
    for (const { responses, ranks } of pairs.filter((pair) => pair.responses[0]?.startsWith('Answer'))) {
      expect(ranks).toEqual(responses[0] === 'Answer 0' ? [0, 1] : [1, 0]);
    }
  });
});

describe('lineage', () => {
  it('leads from a snapshot to its judgments and from a judgment to its snapshots, over revisions', async () => {
    const world = await createFullWorld();
    const { projectId, ctx } = world;
    const { snapshotId } = await createSnapshot({ ctx, input: { projectId } });
    const page1 = judgmentsOfSnapshot({ ctx, input: { projectId, snapshotId, limit: 4 } });
    const page2 = judgmentsOfSnapshot({
      ctx,
      input: { projectId, snapshotId, limit: 4, cursor: page1.nextCursor },
    });
    const found = [...page1.items, ...page2.items].map((row) => row.judgment_id);
    expect(found).toHaveLength(6);
    expect(page2.nextCursor).toBeNull();
    const back = snapshotsOfJudgment({ ctx, input: { projectId, judgmentId: world.replacedId } });
    expect(back.revisions.map((row) => row.judgment_id)).toEqual([world.replacedId, world.revisedId]);
    expect(back.snapshots.map((row) => [row.snapshotId, row.judgmentId])).toEqual([
      [snapshotId, world.revisedId],
    ]);
  });
});

describe('transcripts', () => {
  it('are read back as they were, or refused', () => {
    const text = fc.oneof(
      fc.string().map((s) => s.trim() || 'x'),
      fc.constantFrom(
        'Human: x',
        '\n\nHuman: x',
        'a\n\nAssistant: b',
        'a\n\n\nHuman:',
        'Assistant:',
        'x\n',
        '  y\r',
      ),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), text, text, (turns, chosen, rejected) => {
        const prompt = turns.map((content, i) => ({
          role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
          content,
        }));
        if (transcriptProblem(prompt, [chosen, rejected]) !== null) return;
        if (chosen.trim() === rejected.trim()) return;
        const before = transcriptOf(prompt);
        const parsed = parseHhRlhfRow({ chosen: `${before} ${chosen}`, rejected: `${before} ${rejected}` });
        expect(parsed).toMatchObject({
          ok: true,
          row: {
            prompt,
            chosen: { text: chosen },
            rejected: { text: rejected },
          },
        });
      }),
      { numRuns: 2000 },
    );
  });
});
